private import BelfryBytes
package import BelfryWebSocket
private import CZlib

// The receiving half of permessage-deflate (RFC 7692, section 7.2.2).
//
// Clients are told not to take their context over, so each message inflates alone: one state serves every connection of
// a loop, and a message is inflated when its last byte is there.
//
// Always: (1) What comes out is counted while it comes, so at most a step more than the limit is ever made. (2) What goes
// in is weighed against what came out, since tables of codes cost far more than the bytes that they are read from: 64 KiB
// of them, without a message, take tens of milliseconds. (3) A message that zlib does not accept to its last bit is
// refused. (4) Nothing of one message is left for the next.

/// Inflates whole messages; one serves all connections of a loop.
@safe package struct MessageInflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let step: UnsafeMutableBufferPointer<UInt8>
    package private(set) var tally = CompressionTally()

    /// The largest window there is: then no client needs to be asked for a smaller one.
    private static var windowBits: Int32 { 15 }
    private static var stepBytes: Int { 16_384 }
    /// Bytes taken in between two looks at what they were worth.
    private static var inputStepBytes: Int { 4_096 }
    /// Bytes without content that a message may have: those of a flush behind each of 1,024 fragments.
    private static var wasteBytesMax: Int { 8_192 }

    /// - Returns: `nil` when there is no memory for zlib's state.
    package init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        unsafe step = .allocate(capacity: Self.stepBytes)
        guard unsafe belfry_inflate_init(stream, Self.windowBits) == Z_OK else {
            unsafe step.deallocate()
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe step.deallocate()
    }

    /// Inflates one message.
    ///
    /// - Parameters:
    ///   - message: The payloads of all its frames together.
    ///   - opcode: `.text` is checked for UTF-8.
    ///   - limit: Most bytes that may come out.
    /// - Returns: What the sender had compressed.
    /// - Throws: ``FrameError/invalidDeflate``, ``FrameError/messageTooLong(byteCount:limit:)`` or
    ///   ``FrameError/invalidUTF8``.
    package mutating func inflate(
        _ message: Span<UInt8>, as opcode: Opcode, limit: Int
    ) throws(FrameError) -> [UInt8] {
        guard unsafe inflateReset(stream) == Z_OK else { throw .invalidDeflate }
        var output: [UInt8] = []
        // Text shrinks to a third; what was guessed too low grows.
        output.reserveCapacity(min(limit, message.count &* 3))
        let tail = Deflater.tail
        var offset = 0
        while offset < message.count {
            let end = min(offset + Self.inputStepBytes, message.count)
            _ = try feed(message.extracting(offset..<end), to: &output, limit)
            // DEFLATE's own codes write a byte in up to 9 bits.
            let most = output.count + output.count / 8 + Self.wasteBytesMax
            guard end <= most else { throw .messageTooLong(byteCount: UInt64(end), limit: UInt64(most)) }
            offset = end
        }
        guard try feed(tail.span, to: &output, limit) else { throw .invalidDeflate }
        if opcode == .text, !output.span.isText { throw .invalidUTF8 }
        tally.add(plain: output.count, compressed: message.count)
        return output
    }

    /// - Returns: Whether the input ended with a block.
    private mutating func feed(
        _ input: Span<UInt8>, to output: inout [UInt8], _ limit: Int
    ) throws(FrameError) -> Bool {
        try unsafe input.withUnsafeBufferPointer { bytes throws(FrameError) in
            guard let count = UInt32(exactly: bytes.count) else {
                throw .messageTooLong(byteCount: UInt64(bytes.count), limit: UInt64(limit))
            }
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
            unsafe stream.pointee.avail_in = count
            return try drain(&output, limit)
        }
    }

    /// Takes steps until the input is used up and nothing more comes out.
    private mutating func drain(_ output: inout [UInt8], _ limit: Int) throws(FrameError) -> Bool {
        var isBetweenBlocks = false
        while true {
            let (code, produced) = takeStep()
            guard produced <= limit - output.count else {
                throw .messageTooLong(byteCount: UInt64(output.count + produced), limit: UInt64(limit))
            }
            unsafe output.append(contentsOf: step[..<produced])
            switch code {
            case Z_OK: isBetweenBlocks = unsafe stream.pointee.isBetweenBlocks
            // Without progress; the end of the last block may have been read before.
            case Z_BUF_ERROR: return unsafe stream.pointee.isBetweenBlocks || isBetweenBlocks
            // Blocks may follow a final one (section 7.2.3.4).
            case Z_STREAM_END where unsafe inflateReset(stream) == Z_OK: isBetweenBlocks = true
            default: throw .invalidDeflate
            }
            if unsafe stream.pointee.avail_in == 0, produced < Self.stepBytes { return isBetweenBlocks }
        }
    }

    private mutating func takeStep() -> (code: Int32, produced: Int) {
        unsafe stream.pointee.next_out = step.baseAddress
        unsafe stream.pointee.avail_out = UInt32(Self.stepBytes)
        let code = unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
        return (code, Self.stepBytes - Int(unsafe stream.pointee.avail_out))
    }
}

extension z_stream {
    /// zlib.h, inflate(): 128 for standing before a block, and in the lowest bits how many of the last byte are unused.
    fileprivate var isBetweenBlocks: Bool { unsafe data_type & (128 | 63) == 128 }
}

extension Span<UInt8> {
    fileprivate var isText: Bool {
        var validator = UTF8Validator()
        return validator.consume(self) && validator.isComplete
    }
}
