import HashTreeCollections

// The denials in force. A value: a change gives a new list that shares all but a few nodes with the old one, so that
// each event loop has a list of its own to read without a lock, and 100,000 entries are not copied for one more.
//
// Always: (1) an entry in force is never dropped for another: a full list refuses. (2) A revocation only ever grows:
// telling it again neither shortens it nor moves it back. (3) What is over has no effect, whether it was removed or not.

/// Tokens, users and networks that are refused.
package struct DenyList: Sendable {
    /// Most entries, over all kinds.
    package let capacity: Int
    private var tokens = TreeDictionary<ExactText, Int64>()
    private var users = TreeDictionary<ExactText, Int64>()
    private var issues = TreeDictionary<ExactText, IssueBar>()
    private var ranges = TreeDictionary<AddressRange, Int64>()
    /// Ranges by length of their prefix, 0 to 128; a look-up asks once for each length in use.
    private var lengths = [Int](repeating: 0, count: 129)
    private var lengthsInUse: [UInt8] = []
    /// No entry ends before.
    private var nextEnd = Denial.never

    private struct IssueBar: Sendable {
        let before: Int64
        let until: Int64
    }

    package init(capacity: Int) { self.capacity = max(0, capacity) }

    package var count: Int { tokens.count + users.count + issues.count + ranges.count }
    package var isEmpty: Bool { count == 0 }

    // MARK: Questions

    /// Whether the address is in a range that is refused.
    ///
    /// Asked before anything is spent on a connection: one look-up for each length of prefix in use.
    package func refuses(addressHigh high: UInt64, low: UInt64, at now: Int64) -> Bool {
        guard !lengthsInUse.isEmpty else { return false }
        let isIPv4 = AddressRange.isIPv4(high: high, low: low)
        return lengthsInUse.contains { length in
            guard length >= 96 || !isIPv4 else { return false }
            let range = AddressRange(high: high, low: low, length: Int(length))
            return ranges[range].map { now < $0 } ?? false
        }
    }

    /// Why a verified token of `user` is refused; `nil` when it is good.
    package func refusal(of token: TokenMark, user: String, at now: Int64) -> TokenRefusal? {
        guard !isEmpty else { return nil }
        let name = ExactText(user)
        if let until = users[name], now < until { return .blocked }
        if let bar = issues[name], now < bar.until, token.isIssued(before: bar.before) { return .revoked }
        if let id = token.id, let until = tokens[id], now < until { return .revoked }
        return nil
    }

    /// Every denial that is not over, in no order.
    package func denials(at now: Int64) -> [Denial] {
        let all =
            tokens.map { Denial(.token($0.key), until: $0.value) }
            + issues.map {
                Denial(.tokens(of: $0.key), issuedBefore: $0.value.before, until: $0.value.until)
            }
            + users.map { Denial(.user($0.key), until: $0.value) }
            + ranges.map { Denial(.addresses($0.key), until: $0.value) }
        return all.filter { !$0.isOver(at: now) }
    }

    /// Entries of each kind, those included that are over and not yet removed.
    package var counts: (tokens: Int, users: Int, issues: Int, addresses: Int) {
        (tokens.count, users.count, issues.count, ranges.count)
    }

    // MARK: Changes

    /// Takes a denial, in place of an earlier one of the same target.
    ///
    /// - Parameters:
    ///   - denial: A block takes the new end, sooner or later; a revocation keeps the later end and the later moment.
    ///   - now: Seconds since 1970.
    /// - Returns: What is in force now.
    /// - Throws: ``DenialRefusal``; nothing has changed then.
    @discardableResult
    package mutating func insert(_ denial: Denial, at now: Int64) throws(DenialRefusal) -> Denial {
        try denial.check(at: now)
        let earlier = self[denial.target]
        if earlier == nil, count >= capacity { removeOver(at: now) }
        guard earlier != nil || count < capacity else { throw .full(capacity: capacity) }
        let denial = earlier.map(denial.joined) ?? denial
        put(denial)
        nextEnd = min(nextEnd, denial.until)
        return denial
    }

    /// - Returns: Whether there was one.
    @discardableResult
    package mutating func remove(_ target: Denial.Target) -> Bool {
        switch target {
        case .token(let id): return tokens.removeValue(forKey: id) != nil
        case .tokens(let user): return issues.removeValue(forKey: user) != nil
        case .user(let user): return users.removeValue(forKey: user) != nil
        case .addresses(let range):
            guard ranges.removeValue(forKey: range) != nil else { return false }
            count(range, by: -1)
            return true
        }
    }

    /// Forgets what is over; costs nothing when nothing is.
    ///
    /// - Returns: Whether anything was.
    @discardableResult
    package mutating func removeOver(at now: Int64) -> Bool {
        guard nextEnd <= now else { return false }
        let before = count
        for (id, until) in tokens where until <= now { tokens.removeValue(forKey: id) }
        for (user, until) in users where until <= now { users.removeValue(forKey: user) }
        for (user, bar) in issues where bar.until <= now { issues.removeValue(forKey: user) }
        for (range, until) in ranges where until <= now { remove(.addresses(range)) }
        nextEnd =
            [
                tokens.values.min(), users.values.min(), issues.values.map(\.until).min(),
                ranges.values.min(),
            ].compactMap { $0 }.min() ?? Denial.never
        return count < before
    }

    private subscript(target: Denial.Target) -> Denial? {
        switch target {
        case .token(let id): tokens[id].map { Denial(target, until: $0) }
        case .tokens(let user):
            issues[user].map { Denial(target, issuedBefore: $0.before, until: $0.until) }
        case .user(let user): users[user].map { Denial(target, until: $0) }
        case .addresses(let range): ranges[range].map { Denial(target, until: $0) }
        }
    }

    private mutating func put(_ denial: Denial) {
        switch denial.target {
        case .token(let id): tokens[id] = denial.until
        case .tokens(let user): issues[user] = IssueBar(before: denial.issuedBefore, until: denial.until)
        case .user(let user): users[user] = denial.until
        case .addresses(let range):
            if ranges.updateValue(denial.until, forKey: range) == nil { count(range, by: 1) }
        }
    }

    private mutating func count(_ range: AddressRange, by change: Int) {
        lengths[Int(range.length)] += change
        lengthsInUse = lengths.indices.filter { lengths[$0] > 0 }.map { UInt8(truncatingIfNeeded: $0) }
    }
}

/// Why a denial was not taken.
package enum DenialRefusal: Error, Hashable, Sendable {
    /// Anonymous users have no name to be called by.
    case nameless
    /// A name of more than ``Denial/nameBytesMax`` bytes.
    case tooLong(byteCount: Int)
    /// Its end has passed.
    case over
    /// What should name a range of addresses does not.
    case noAddress
    /// A range that holds every address there is.
    case everybody
    /// As many are in force as `auth.denials` allows.
    case full(capacity: Int)
}

extension DenialRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nameless: "a name is needed: anonymous users have none"
        case .tooLong(let count): "a name of \(count) bytes; at most \(Denial.nameBytesMax) are taken"
        case .over: "its end has passed"
        case .noAddress: "an address or a range is needed, such as 192.0.2.0/24"
        case .everybody: "the range holds every address"
        case .full(let capacity): "\(capacity) denials are in force, as many as auth.denials allows"
        }
    }
}

extension Denial {
    fileprivate func check(at now: Int64) throws(DenialRefusal) {
        switch target {
        case .token(let name), .tokens(let name), .user(let name):
            let count = name.text.utf8.count
            guard count > 0 else { throw .nameless }
            guard count <= Self.nameBytesMax else { throw .tooLong(byteCount: count) }
        case .addresses(let range): guard !range.isEverybody else { throw .everybody }
        }
        guard !isOver(at: now) else { throw .over }
    }

    fileprivate func joined(with earlier: Denial) -> Denial {
        switch target {
        case .user, .addresses: self
        case .token, .tokens:
            Denial(
                target, issuedBefore: max(issuedBefore, earlier.issuedBefore),
                until: max(until, earlier.until))
        }
    }
}
