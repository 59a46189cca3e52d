/// What is compressed, and how hard.
package struct CompressionSettings: Equatable, Sendable {
    /// zlib's, 1 (fastest) to 9 (smallest).
    package let level: Int
    /// Payload bytes of the frames that are compressed; shorter ones hardly shrink, longer ones would hold the loop up.
    package let payloadBytes: ClosedRange<Int>

    package init(level: Int, payloadBytes: ClosedRange<Int>) {
        self.level = level
        self.payloadBytes = payloadBytes
    }
}

/// What compressing or inflating has come to; each message counts once, however many receive it.
package struct CompressionTally: Equatable, Sendable {
    package private(set) var messages: UInt64 = 0
    /// Payload bytes without compression.
    package private(set) var plainBytes: UInt64 = 0
    /// Payload bytes on the wire.
    package private(set) var compressedBytes: UInt64 = 0

    package init() {}

    mutating func add(plain: Int, compressed: Int) {
        messages &+= 1
        plainBytes &+= UInt64(plain)
        compressedBytes &+= UInt64(compressed)
    }
}
