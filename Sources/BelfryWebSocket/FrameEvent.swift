/// What the decoder found.
package enum FrameEvent: Equatable, Sendable {
    /// A whole message, `.text` (valid UTF-8) or `.binary`.
    case message(Opcode, MessageLocation)
    /// A whole message, still compressed: nothing is known of what is in it.
    case deflatedMessage(Opcode, MessageLocation)
    /// Answer each with a pong of the same payload, at most 125 bytes (RFC 6455, section 5.5.3).
    case ping([UInt8])
    case pong([UInt8])
    /// The peer's last word; the decoder reads nothing after it.
    case close(CloseFrame?)
}

/// Where the bytes of a message lie.
@frozen package enum MessageLocation: Equatable, Sendable {
    /// In the input just given, already unmasked: valid until that buffer is used again.
    case inPlace(Range<Int>)
    /// In the decoder: ``FrameDecoder/takeMessage()``, before the next call of `next`.
    case assembled
}

/// What one connection may send.
@frozen package struct FrameLimits: Equatable, Sendable {
    /// Largest message, in payload bytes over all its fragments.
    package let messageBytes: UInt32
    /// Most frames one message may be cut into: they cost no memory here, only the time to read their headers.
    package let fragments: UInt32

    package init(messageBytes: UInt32, fragments: UInt32) {
        self.messageBytes = messageBytes
        self.fragments = fragments
    }

    /// Most bytes a compressed message may take on its way.
    ///
    /// DEFLATE's fixed codes write a byte in up to 9 bits, so what may not be sent compressed is over the limit anyway.
    package var deflatedBytes: UInt64 { UInt64(messageBytes) &+ UInt64(messageBytes) / 8 &+ 64 }
}
