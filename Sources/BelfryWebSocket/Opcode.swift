/// What a frame carries (RFC 6455, section 11.8).
@frozen package enum Opcode: UInt8, Sendable, CaseIterable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// Control frames are short, whole, and may stand between the fragments of a message (section 5.5).
    @inlinable package var isControl: Bool { rawValue >= 0x8 }

    /// The largest payload of a control frame, in bytes (section 5.5).
    @inlinable package static var controlPayloadBytesMax: Int { 125 }
}
