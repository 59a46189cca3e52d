private import BelfryWebSocket

// The sending half of permessage-deflate (RFC 7692) without context takeover: a frame is compressed once, and whoever
// takes compressed frames can be sent the same bytes.

/// Makes compressed frames of plain ones; one serves all connections of a loop.
///
/// Its memory is zlib's state of some 170 KiB and a buffer of the longest payload that it compresses.
package final class FrameCompressor {
    private let settings: CompressionSettings
    private var deflater: Deflater
    package private(set) var tally = CompressionTally()

    /// - Returns: `nil` when there is no memory for zlib's state.
    package init?(_ settings: CompressionSettings) {
        guard let deflater = Deflater(level: settings.level) else { return nil }
        self.settings = settings
        self.deflater = deflater
    }

    /// The compressed form of `frame`, a whole frame with one whole message as ``FrameEncoder`` makes it.
    ///
    /// - Returns: `nil` when the payload is outside of the bounds set, or would not get shorter.
    package func compressed(_ frame: [UInt8]) -> [UInt8]? {
        let bytes = frame.span
        let payload = FrameEncoder.payloadRange(of: bytes)
        guard settings.payloadBytes.contains(payload.count),
            let opcode = Opcode(rawValue: frame[0] & 0x0F), !opcode.isControl,
            deflater.deflate(bytes.extracting(payload))
        else { return nil }
        tally.add(plain: payload.count, compressed: deflater.count)
        let output = deflater.output
        return FrameEncoder.deflatedFrame(
            opcode: opcode, payload: output.span.extracting(0..<deflater.count))
    }
}
