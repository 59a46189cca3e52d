import BelfryAuth
import Testing

/// Time is an argument: 0 is a moment like any other.
struct DenyListTests {
    private func list(_ denials: Denial..., capacity: Int = 100, at now: Int64 = 0) throws -> DenyList {
        var list = DenyList(capacity: capacity)
        for denial in denials { try list.insert(denial, at: now) }
        return list
    }

    private func refusal(
        _ list: DenyList, user: String = "ada", id: String? = nil, iat: Int64? = nil, at now: Int64 = 0
    ) -> TokenRefusal? {
        list.refusal(of: TokenMark(id: id, issuedAt: iat), user: user, at: now)
    }

    private func error(_ denial: Denial, into list: inout DenyList, at now: Int64 = 0) -> DenialRefusal? {
        do {
            try list.insert(denial, at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `an empty list refuses nobody`() {
        let list = DenyList(capacity: 10)
        #expect(list.isEmpty)
        #expect(refusal(list, id: "a", iat: 1) == nil)
        #expect(!list.refuses(addressHigh: 0, low: 0xFFFF_7F00_0001, at: 0))
        #expect(list.denials(at: 0) == [])
    }

    // MARK: Tokens and users

    @Test func `a token is revoked by its id, whoever shows it, until its end`() throws {
        let list = try list(.token("t-1", until: 100))
        for user in ["ada", "bob", ""] { #expect(refusal(list, user: user, id: "t-1", at: 99) == .revoked) }
        #expect(refusal(list, id: "t-1", at: 100) == nil)
        #expect(refusal(list, id: "t-2") == nil)
        #expect(refusal(list, id: nil) == nil)
    }

    @Test(arguments: [(999 as Int64?, true), (1_000, false), (1_001, false), (0, true), (nil, true)])
    func `a user's tokens from before a moment are refused, those without iat too`(
        iat: Int64?, isRefused: Bool
    )
        throws
    {
        let list = try list(.tokens(of: "ada", issuedBefore: 1_000, until: 5_000))
        #expect(refusal(list, iat: iat, at: 4_999) == (isRefused ? .revoked : nil))
        #expect(refusal(list, iat: iat, at: 5_000) == nil)
        #expect(refusal(list, user: "bob", iat: iat) == nil)
    }

    @Test func `a blocked user is blocked until the end, with every token`() throws {
        let list = try list(.user("ada", until: 100))
        #expect(refusal(list, id: "t", iat: .max, at: 99) == .blocked)
        #expect(refusal(list, at: 100) == nil)
        #expect(refusal(list, user: "bob") == nil)
    }

    @Test func `whoever is blocked hears that and not of the token`() throws {
        #expect(refusal(try list(.token("t"), .user("ada")), id: "t") == .blocked)
    }

    @Test func `names are equal when their bytes are`() throws {
        let list = try list(.user("caf\u{E9}"))
        #expect(refusal(list, user: "caf\u{E9}") == .blocked)
        #expect(refusal(list, user: "cafe\u{301}") == nil)
    }

    @Test func `without an end it never ends`() throws {
        #expect(refusal(try list(.user("ada")), at: .max - 1) == .blocked)
    }

    // MARK: Addresses

    private static let v4: UInt64 = 0xFFFF << 32

    /// `192.0.2.0` is 0xC0000200.
    @Test(arguments: [
        (0xC000_0200 as UInt64, 24, 0xC000_0200 as UInt64, true), (0xC000_0200, 24, 0xC000_02FF, true),
        (0xC000_0200, 24, 0xC000_0300, false), (0xC000_0200, 24, 0xC000_01FF, false),
        (0xC000_0207, 32, 0xC000_0207, true), (0xC000_0207, 32, 0xC000_0206, false),
        (0xC000_0207, 31, 0xC000_0206, true), (0x8000_0000, 1, 0xFFFF_FFFF, true),
        (0x8000_0000, 1, 0x7FFF_FFFF, false),
    ])
    func `an IPv4 range holds the addresses that begin like it`(
        network: UInt64, bits: Int, address: UInt64, isInside: Bool
    ) throws {
        let range = AddressRange(high: 0, low: Self.v4 | network, length: 96 + bits)
        let list = try list(.addresses(range))
        #expect(range.isIPv4)
        #expect(list.refuses(addressHigh: 0, low: Self.v4 | address, at: 0) == isInside)
        #expect(Denial.addresses(range).covers(addressHigh: 0, low: Self.v4 | address) == isInside)
        // The same bits in IPv6 are somebody else.
        #expect(!list.refuses(addressHigh: 0, low: address, at: 0))
    }

    @Test(arguments: [
        (32, 0x2001_0DB8_FFFF_FFFF as UInt64, UInt64.max, true), (32, 0x2001_0DB9_0000_0000, 0, false),
        (64, 0x2001_0DB8_0000_0000, UInt64.max, true), (64, 0x2001_0DB8_0000_0001, 0, false),
        (127, 0x2001_0DB8_0000_0000, 1, true), (128, 0x2001_0DB8_0000_0000, 1, false),
        (65, 0x2001_0DB8_0000_0000, 1 << 63, false), (1, 0x7FFF_FFFF_FFFF_FFFF, 7, true),
    ])
    func `an IPv6 range holds the addresses that begin like it`(
        bits: Int, high: UInt64, low: UInt64, isInside: Bool
    ) throws {
        let range = AddressRange(high: 0x2001_0DB8_0000_0000, low: 0, length: bits)
        let list = try list(.addresses(range))
        #expect(list.refuses(addressHigh: high, low: low, at: 0) == isInside)
        #expect(range.contains(high: high, low: low) == isInside)
    }

    @Test func `a short IPv6 prefix holds no IPv4 client`() throws {
        let range = AddressRange(high: 0, low: 0, length: 1)
        let list = try list(.addresses(range))
        #expect(list.refuses(addressHigh: 1, low: 1, at: 0))
        #expect(!list.refuses(addressHigh: 0, low: Self.v4 | 1, at: 0))
        #expect(!range.contains(high: 0, low: Self.v4 | 1))
    }

    @Test func `bits behind the prefix do not count`() {
        let one = AddressRange(high: 0, low: Self.v4 | 0xC000_0207, length: 120)
        #expect(one == AddressRange(high: 0, low: Self.v4 | 0xC000_02FF, length: 120))
        #expect(AddressRange(high: .max, low: .max, length: 500).length == 128)
        #expect(AddressRange(high: .max, low: .max, length: -3).length == 0)
    }

    @Test func `ranges within ranges end each at its own time`() throws {
        func range(_ bits: Int) -> AddressRange {
            AddressRange(high: 0, low: Self.v4 | 0x0A00_0000, length: 96 + bits)
        }
        var list = try list(.addresses(range(8), until: 10), .addresses(range(16), until: 20))
        func isRefused(_ now: Int64) -> Bool {
            list.refuses(addressHigh: 0, low: Self.v4 | 0x0A00_0001, at: now)
        }
        #expect(isRefused(9) && isRefused(10) && isRefused(19) && !isRefused(20))
        list.remove(.addresses(range(16)))
        #expect(isRefused(9) && !isRefused(10))
        list.remove(.addresses(range(8)))
        #expect(!isRefused(0) && list.isEmpty)
    }

    // MARK: Changes

    @Test func `a block takes its new end, a revocation the later of both`() throws {
        let sooner = try list(.user("ada", until: 100), .user("ada", until: 50))
        #expect(refusal(sooner, at: 50) == nil)
        let token = try list(.token("t", until: 100), .token("t", until: 50))
        #expect(refusal(token, id: "t", at: 99) == .revoked)
        let tokens = try list(
            .tokens(of: "ada", issuedBefore: 10, until: 100), .tokens(of: "ada", issuedBefore: 5, until: 200))
        #expect(refusal(tokens, iat: 9, at: 199) == .revoked)
        #expect(tokens.count == 1)
    }

    @Test func `what is in force can be listed, and taken back`() throws {
        let range = AddressRange(high: 1, low: 0, length: 64)
        let all: [Denial] = [
            .token("t", until: 5), .tokens(of: "ada", issuedBefore: 7, until: 9), .user("bob"),
            .addresses(range, until: 10),
        ]
        var list = DenyList(capacity: 4)
        for denial in all { try list.insert(denial, at: 0) }
        #expect(Set(list.denials(at: 4)) == Set(all))
        #expect(Set(list.denials(at: 9)) == [.user("bob"), .addresses(range, until: 10)])
        for denial in all {
            let (first, second) = (list.remove(denial.target), list.remove(denial.target))
            #expect(first && !second)
        }
        #expect(list.isEmpty)
    }

    @Test func `a full list refuses, and drops nothing that is in force`() throws {
        var list = try list(.user("a", until: 100), .user("b"), capacity: 2)
        #expect(error(.user("c"), into: &list, at: 99) == .full(capacity: 2))
        #expect(error(.token("c"), into: &list, at: 99) == .full(capacity: 2))
        #expect(refusal(list, user: "a", at: 99) == .blocked && refusal(list, user: "b", at: 99) == .blocked)
        // One that is there may change, and one that is over makes room.
        #expect(error(.user("b", until: 300), into: &list, at: 99) == nil)
        #expect(error(.user("c"), into: &list, at: 100) == nil)
        #expect(list.count == 2)
    }

    @Test func `what can not be meant is refused`() throws {
        var list = DenyList(capacity: 10)
        #expect(error(.user(""), into: &list) == .nameless)
        #expect(error(.tokens(of: "", issuedBefore: 1), into: &list) == .nameless)
        #expect(error(.token(""), into: &list) == .nameless)
        let long = String(repeating: "x", count: 1_025)
        #expect(error(.user(long), into: &list) == .tooLong(byteCount: 1_025))
        #expect(error(.user("ada", until: 7), into: &list, at: 7) == .over)
        #expect(error(.addresses(AddressRange(high: 0, low: 0, length: 0)), into: &list) == .everybody)
        let all = AddressRange(high: 0, low: Self.v4, length: 96)
        #expect(error(.addresses(all), into: &list) == .everybody)
        #expect(list.isEmpty)
        #expect(error(.user(String(long.dropLast())), into: &list) == nil)
    }

    @Test func `what is over is forgotten when time comes, and nothing else`() throws {
        let range = AddressRange(high: 1, low: 0, length: 64)
        var list = try list(
            .token("t", until: 10), .user("a", until: 20), .addresses(range, until: 30),
            .tokens(of: "a", issuedBefore: 1, until: 40), .user("b"))
        let isEarly = list.removeOver(at: 9)
        #expect(!isEarly)
        for (now, count) in [(10 as Int64, 4), (20, 3), (30, 2), (40, 1), (.max - 1, 1)] {
            let changed = list.removeOver(at: now)
            #expect(changed == (now != .max - 1))
            #expect(list.count == count)
        }
        #expect(refusal(list, user: "b", at: .max - 1) == .blocked)
    }

    @Test func `an old list is not changed by what is done to its successor`() throws {
        let old = try list(.user("ada"))
        var new = old
        new.remove(Denial.user("ada").target)
        try new.insert(.user("bob"), at: 0)
        #expect(refusal(old, user: "ada") == .blocked && refusal(old, user: "bob") == nil)
        #expect(refusal(new, user: "ada") == nil && refusal(new, user: "bob") == .blocked)
    }

    @Test func `a hundred thousand entries agree with a plain set`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("DenyList seed \(seed)")
        var random = SplitMix64(seed: seed)
        var list = DenyList(capacity: 100_000)
        var model: [Int: Int64] = [:]
        for _ in 0..<100_000 {
            let user = Int.random(in: 0..<60_000, using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                let wasThere = model.removeValue(forKey: user) != nil
                let wasListed = list.remove(Denial.user("u\(user)").target)
                #expect(wasListed == wasThere)
            } else {
                let until = Int64.random(in: 1...1_000, using: &random)
                model[user] = until
                try list.insert(.user("u\(user)", until: until), at: 0)
            }
        }
        list.removeOver(at: 500)
        let left = model.filter { $0.value > 500 }
        #expect(list.count == left.count)
        for user in 0..<60_000 {
            let expected: TokenRefusal? = left[user].map { _ in .blocked }
            #expect(refusal(list, user: "u\(user)", at: 500) == expected)
        }
    }

    // MARK: Who of those here is meant

    @Test func `a denial covers whom the list refuses for it`() {
        let mark = TokenMark(id: "t", issuedAt: 10)
        #expect(Denial.token("t").covers(mark, of: "ada"))
        #expect(!Denial.token("u").covers(mark, of: "ada"))
        #expect(Denial.tokens(of: "ada", issuedBefore: 11).covers(mark, of: "ada"))
        #expect(!Denial.tokens(of: "ada", issuedBefore: 10).covers(mark, of: "ada"))
        #expect(!Denial.tokens(of: "ada", issuedBefore: 11).covers(mark, of: "bob"))
        #expect(
            Denial.tokens(of: "ada", issuedBefore: 1).covers(TokenMark(id: nil, issuedAt: nil), of: "ada"))
        #expect(Denial.user("ada").covers(mark, of: "ada"))
        #expect(!Denial.user("ada").covers(mark, of: "bob"))
        #expect(!Denial.token("t").covers(TokenMark(id: nil, issuedAt: nil), of: "t"))
        #expect(!Denial.addresses(AddressRange(high: 1, low: 0, length: 64)).covers(mark, of: "ada"))
        #expect(!Denial.user("ada").covers(addressHigh: 1, low: 0))
    }
}
