/// What to measure.
///
/// Every number has a bound: a typing error shall not become a denial of service, here or there.
package struct BenchPlan: Sendable {
    /// Whose certificate is believed.
    package enum Trust: Equatable, Sendable {
        case system
        /// PEM certificates.
        case file(String)
        case anybody
    }

    package var target: BenchTarget
    package var trust = Trust.system
    package var connections = 100
    package var rooms = 10
    /// Messages a second, over all rooms.
    package var rate = 100
    /// Bytes of one payload, its quotes included.
    package var size = 128
    /// How long messages are sent.
    package var duration = Duration.seconds(10)
    package var channelPrefix = "bench:"
    /// Connection `n` uses `tokens[n % tokens.count]`; none connects without.
    package var tokens: [String] = []

    package init(target: BenchTarget) { self.target = target }

    /// One address offers 28,232 source ports (Linux' default range).
    static let connectionRange = 1...28_000
    static let rateRange = 1...1_000_000
    /// 64 bytes hold the longest stamp; the relay takes 64 KiB with the command around it.
    static let sizeRange = Stamp.byteCountMax...60_000
    /// An hour.
    static let secondRange = 1...3_600
    /// Sequence numbers and expectations stay far below 2^63, and a run below a day's traffic of a large
    /// chat.
    static let messagesMax = 1_000_000_000

    /// How many messages the run sends.
    var messageCount: Int { rate * max(1, Int(clamping: duration.components.seconds)) }

    /// Refuses what lies outside its bounds; a run asks this again.
    package func check() throws(BenchRefusal) {
        try check("connections", connections, Self.connectionRange)
        try check("rooms", rooms, Self.connectionRange)
        try check("rate", rate, Self.rateRange)
        try check("size", size, Self.sizeRange)
        try check("duration", Int(clamping: duration.components.seconds), Self.secondRange)
        guard rooms <= connections else { throw .emptyRooms }
        guard messageCount <= Self.messagesMax else {
            throw .outOfRange(option: "rate", range: 1...max(1, Self.messagesMax * rate / messageCount))
        }
        guard channelPrefix.utf8.count <= 64, channelPrefix.utf8.allSatisfy(Self.needsNoEscape) else {
            throw .channelPrefix
        }
        guard tokens.allSatisfy(Self.isToken) else { throw .token }
    }

    private func check(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws(BenchRefusal) {
        guard range.contains(value) else { throw .outOfRange(option: option, range: range) }
    }

    private static func needsNoEscape(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// 16 KiB are more than any server takes in a token.
    private static func isToken(_ text: String) -> Bool {
        (1...16_384).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
