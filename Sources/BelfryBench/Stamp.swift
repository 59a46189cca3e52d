import BelfryBytes

/// What each message says of itself, so that each delivery can be checked and timed.
///
/// As payload: `"bench <run> <room> <sequence> <nanoseconds> xxxx…"`, a JSON string that needs no escapes.
struct Stamp: Equatable {
    /// Tells this run from another in the same rooms.
    var run: UInt32
    var room: UInt32
    /// Counts the messages of a room from 1.
    var sequence: UInt64
    /// By the clock of this process.
    var sentAt: Instant

    /// The longest stamp: quotes, `bench `, three numbers of ten digits, one of twenty, their spaces.
    static let byteCountMax = 64
    private static let marker = Array("\"bench ".utf8)

    /// - `byteCount`: At least ``byteCountMax``; the rest is filled.
    func payload(byteCount: Int) -> [UInt8] {
        var bytes = Self.marker
        bytes.reserveCapacity(byteCount)
        for number in [UInt64(run), UInt64(room), sequence, sentAt.nanoseconds] {
            bytes += Array("\(number) ".utf8)
        }
        let fill = max(0, byteCount - bytes.count - 1)
        bytes += repeatElement(UInt8(ascii: "x"), count: fill)
        bytes.append(UInt8(ascii: "\""))
        return bytes
    }

    init(run: UInt32, room: UInt32, sequence: UInt64, sentAt: Instant) {
        self.run = run
        self.room = room
        self.sequence = sequence
        self.sentAt = sentAt
    }

    /// Finds the stamp in a line of the server; `nil` when there is none, or not a whole one.
    init?(in line: ArraySlice<UInt8>) {
        guard let start = Self.end(of: Self.marker, in: line) else { return nil }
        var rest = line[start...]
        guard let run = Self.number(&rest), let room = Self.number(&rest), let sequence = Self.number(&rest),
            let time = Self.number(&rest), let run = UInt32(exactly: run), let room = UInt32(exactly: room)
        else { return nil }
        self.init(run: run, room: room, sequence: sequence, sentAt: Instant(nanoseconds: time))
    }

    /// The index after the first occurrence of `text`.
    static func end(of text: [UInt8], in line: ArraySlice<UInt8>) -> Int? {
        var start = line.startIndex
        while line.endIndex - start >= text.count {
            if line[start] == text[0], line[start...].starts(with: text) { return start + text.count }
            start += 1
        }
        return nil
    }

    /// Takes digits and the space behind them.
    private static func number(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        let digits = rest.prefix { $0 != UInt8(ascii: " ") }
        rest = rest.dropFirst(digits.count + 1)
        return decimal(digits)
    }

    /// A number of nothing but 1 to 20 digits that fits into 64 bits.
    static func decimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard (1...20).contains(digits.count) else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(digit - 0x30))
            if tooLarge || overflow { return nil }
            value = sum
        }
        return value
    }
}
