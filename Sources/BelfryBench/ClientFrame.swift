/// Frames as a client must send them: whole and masked (RFC 6455, sections 5.2 and 5.3).
enum ClientFrame {
    static let text: UInt8 = 0x1
    static let close: UInt8 = 0x8
    static let ping: UInt8 = 0x9
    static let pong: UInt8 = 0xA

    /// Appends one final frame.
    ///
    /// - Parameters:
    ///   - opcode: Below 16.
    ///   - payload: As it is before masking.
    ///   - mask: Unpredictable to whoever chose the payload (section 10.3); first byte highest.
    ///   - output: What is sent next.
    static func append(
        _ opcode: UInt8, _ payload: some Collection<UInt8>, mask: UInt32, to output: inout [UInt8]
    ) {
        output.append(0x80 | opcode & 0x0F)
        appendLength(payload.count, to: &output)
        let key = bytes(UInt64(mask), count: 4)
        output += key
        var index = 0
        for byte in payload {
            output.append(byte ^ key[index & 3])
            index &+= 1
        }
    }

    private static func appendLength(_ count: Int, to output: inout [UInt8]) {
        if count < 126 {
            output.append(0x80 | UInt8(truncatingIfNeeded: count))
        } else if count <= 0xFFFF {
            output.append(0x80 | 126)
            output += bytes(UInt64(count), count: 2)
        } else {
            output.append(0x80 | 127)
            output += bytes(UInt64(count), count: 8)
        }
    }

    /// Network byte order.
    private static func bytes(_ value: UInt64, count: UInt64) -> [UInt8] {
        (1...count).map { UInt8(truncatingIfNeeded: value &>> (8 &* (count &- $0))) }
    }
}
