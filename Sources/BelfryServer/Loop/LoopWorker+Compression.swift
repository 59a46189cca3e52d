import BelfryBytes
import BelfryDeflate
import BelfryHTTP
import BelfryReactor
import BelfryWebSocket

// Compressed messages, in and out (RFC 7692). A loop has one state for each direction and its connections have none, since
// each message stands alone.

/// What a loop compresses and inflates with.
final class LoopCompression {
    let compressor: FrameCompressor
    private var inflater: MessageInflater
    /// Bytes that came out since the last turn began.
    private var inflatedInTurn = 0

    /// A thousandfold is possible, so the bytes that a turn may read do not bound what it has to do.
    private static let inflatedInTurnMax = 256 << 10

    /// - Returns: `nil` when there is no memory.
    init?(_ settings: CompressionSettings) {
        guard let compressor = FrameCompressor(settings), let inflater = MessageInflater() else { return nil }
        self.compressor = compressor
        self.inflater = inflater
    }

    var sent: CompressionTally { compressor.tally }
    var received: CompressionTally { inflater.tally }

    func beginTurn() { inflatedInTurn = 0 }
    var isTurnOver: Bool { inflatedInTurn >= Self.inflatedInTurnMax }

    func inflate(_ message: Span<UInt8>, as opcode: Opcode, limit: Int) throws(FrameError) -> [UInt8] {
        let inflated = try inflater.inflate(message, as: opcode, limit: limit)
        inflatedInTurn += inflated.count
        return inflated
    }
}

extension LoopWorker where K: Kernel {
    mutating func beginCompression(_ slot: SlotID, _ deflate: DeflateAgreement) {
        connections[slot].decoder.allowsDeflate = true
        connections[slot].compressedBytesMax = deflate.payloadBytesMax
        observer.compressionAgreed()
    }

    /// A frame for one connection, compressed where that was agreed on and is worth it.
    func packed(_ frame: [UInt8], for slot: SlotID) -> [UInt8] {
        guard let compression, frame.count <= compressedBytesMax(slot) else { return frame }
        return compression.compressor.compressed(frame) ?? frame
    }

    /// Longest frame that the connection may be sent compressed; 0 for none.
    func compressedBytesMax(_ slot: SlotID) -> Int {
        connections.contains(slot) ? connections[slot].compressedBytesMax : 0
    }

    /// Inflates a message that came compressed.
    mutating func inflate(
        _ opcode: Opcode, _ location: MessageLocation, of slot: SlotID
    ) throws(FrameError) -> [UInt8] {
        // Without it RSV1 has no meaning, and the decoder has said so.
        guard let compression else { throw .reservedBits(4) }
        let limit = Int(settings.frameLimits.messageBytes)
        switch location {
        case .inPlace(let range):
            return try compression.inflate(plaintext.span.extracting(range), as: opcode, limit: limit)
        case .assembled:
            let message = connections[slot].decoder.takeMessage()
            return try compression.inflate(message.span, as: opcode, limit: limit)
        }
    }
}
