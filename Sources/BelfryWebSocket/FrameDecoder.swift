// The server's side of RFC 6455: bytes in, messages and control frames out.
//
//   header ──whole──▶ payload ──last byte──▶ header …        any error, or a close frame ──▶ closed
//
// Always: (1) Every byte given is consumed, so nobody else buffers. (2) A length is compared with the limit as the
// 64 bits it came in, before any conversion, and memory grows with bytes that arrived, never with bytes announced.
// (3) Text is valid UTF-8, and the first bad byte ends the connection in the middle of a frame; what is in a
// compressed message, whoever inflates it has to check. (4) Nothing is read
// after a close frame or an error. (5) An idle decoder owns no heap.
//
// The usual message, one frame that lies whole in the input, is unmasked there and never copied. Everything else
// goes through one growing buffer a message, however many fragments it comes in.

private import BelfryBytes

/// Decodes the frames of one client connection.
package struct FrameDecoder: ~Copyable, Sendable {
    private var assembly: [UInt8] = []
    private var control: [UInt8] = []
    private let limits: FrameLimits
    private var header = FrameHeader()
    private var fragments: UInt32 = 0
    /// The opcode of the message begun and not yet finished.
    private var message: Opcode?
    /// That message is compressed.
    private var isDeflated = false
    private var text = UTF8Validator()
    private var phase = Phase.header
    /// Compression was agreed on (RFC 7692): messages may come compressed.
    package var allowsDeflate = false

    private enum Phase { case header, payload, closed }

    package init(limits: FrameLimits) { self.limits = limits }

    /// Heap bytes held for unfinished messages; counts against the process-wide budget.
    package var heldByteCount: Int { assembly.capacity &+ control.capacity }

    /// Whether the decoder has read its last byte: a close frame or an error came.
    package var isClosed: Bool { phase == .closed }

    /// Decodes up to the next event.
    ///
    /// Call again with the same input until the answer is `nil`.
    ///
    /// - Parameters:
    ///   - input: Plaintext as it was read. Borrowed; payloads in it are unmasked where they lie.
    ///   - offset: Where to go on reading; moves past what was consumed, to the end when the answer is `nil`.
    /// - Returns: The event, or `nil` when the input is used up.
    /// - Throws: The first violation; events before it have been returned, so their answers go out first.
    package mutating func next(
        _ input: inout MutableSpan<UInt8>, at offset: inout Int
    ) throws(FrameError) -> FrameEvent? {
        do throws(FrameError) {
            return try decode(&input, &offset)
        } catch {
            close()
            offset = input.count
            throw error
        }
    }

    /// Hands over the message just announced as ``MessageLocation/assembled``; the decoder keeps nothing of it.
    package mutating func takeMessage() -> [UInt8] {
        guard message == nil else { return [] }
        return assembly.taken()
    }

    /// Somebody above has found the last message to be bad: nothing more is read.
    package mutating func abandon() { close() }

    private mutating func decode(
        _ input: inout MutableSpan<UInt8>, _ offset: inout Int
    ) throws(FrameError) -> FrameEvent? {
        while phase != .closed {
            if phase == .header {
                guard try readHeader(input.span, &offset) else { return nil }
                try beginFrame()
            }
            if let event = try readPayload(&input, &offset) { return event }
            if phase == .payload { return nil }
        }
        offset = input.count
        return nil
    }

    private mutating func readHeader(_ input: Span<UInt8>, _ offset: inout Int) throws(FrameError) -> Bool {
        while offset < input.count {
            let byte = input[offset]
            offset &+= 1
            if try header.append(byte, allowsDeflate: allowsDeflate) { return true }
        }
        return false
    }

    private mutating func beginFrame() throws(FrameError) {
        phase = .payload
        if header.opcode.isControl { return }
        if header.opcode == .continuation {
            guard message != nil else { throw .continuationWithoutStart }
        } else {
            guard message == nil else { throw .unfinishedMessage }
            beginMessage()
        }
        guard fragments < limits.fragments else { throw .tooManyFragments(limit: limits.fragments) }
        fragments &+= 1
        let (total, overflow) = header.remaining.addingReportingOverflow(UInt64(assembly.count))
        let limit = isDeflated ? limits.deflatedBytes : UInt64(limits.messageBytes)
        guard !overflow, total <= limit else {
            throw .messageTooLong(byteCount: overflow ? .max : total, limit: limit)
        }
    }

    private mutating func beginMessage() {
        message = header.opcode
        isDeflated = header.isDeflated
        fragments = 0
        text = UTF8Validator()
        // Only a message nobody took can be here.
        if !assembly.isEmpty { assembly = [] }
    }

    private mutating func readPayload(
        _ input: inout MutableSpan<UInt8>, _ offset: inout Int
    ) throws(FrameError) -> FrameEvent? {
        // The smaller of the two fits an Int, since the bytes present do.
        let present = UInt64(input.count &- offset)
        let range = offset..<(offset &+ Int(truncatingIfNeeded: min(header.remaining, present)))
        offset = range.upperBound
        header.unmask(&input, range)
        let bytes = input.span.extracting(range)
        return header.opcode.isControl ? try readControl(bytes) : try readData(bytes, range)
    }

    private mutating func readData(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(FrameError) -> FrameEvent? {
        let isPlainText = message == .text && !isDeflated
        if isPlainText, !text.consume(bytes) { throw .invalidUTF8 }
        guard header.remaining == 0 else {
            assembly.append(copying: bytes)
            return nil
        }
        let isFinal = header.isFinal
        endFrame()
        let isWhole = isFinal && assembly.isEmpty
        if !isWhole { assembly.append(copying: bytes) }
        guard isFinal, let opcode = message else { return nil }
        if isPlainText, !text.isComplete { throw .invalidUTF8 }
        message = nil
        let location: MessageLocation = isWhole ? .inPlace(range) : .assembled
        return isDeflated ? .deflatedMessage(opcode, location) : .message(opcode, location)
    }

    private mutating func readControl(_ bytes: Span<UInt8>) throws(FrameError) -> FrameEvent? {
        control.append(copying: bytes)
        guard header.remaining == 0 else { return nil }
        let opcode = header.opcode
        endFrame()
        switch opcode {
        case .ping: return .ping(control.taken())
        case .pong: return .pong(control.taken())
        default:
            let frame = try CloseFrame.decode(control.span)
            close()
            return .close(frame)
        }
    }

    private mutating func endFrame() {
        header = FrameHeader()
        phase = .header
    }

    private mutating func close() {
        phase = .closed
        assembly = []
        control = []
        message = nil
    }
}

extension [UInt8] {
    /// Moves the contents out; the storage goes with them.
    fileprivate mutating func taken() -> [UInt8] {
        var empty: [UInt8] = []
        swap(&self, &empty)
        return empty
    }
}
