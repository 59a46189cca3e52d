/// Builds ClientHellos by hand.
struct HelloBytes {
    var legacyVersion: UInt16 = 0x0303
    var suites: [UInt16] = [0x1301]
    var extensions: [(type: UInt16, body: [UInt8])] = []

    static func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

    static func words(_ values: [UInt16]) -> [UInt8] { values.flatMap { word(Int($0)) } }

    static func vector(_ bytes: [UInt8]) -> [UInt8] { word(bytes.count) + bytes }

    static func serverName(_ name: [UInt8]) -> (type: UInt16, body: [UInt8]) {
        (0, vector([0] + vector(name)))
    }

    static func protocols(_ names: [String]) -> (type: UInt16, body: [UInt8]) {
        (16, vector(names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }))
    }

    /// The body of the message.
    var body: [UInt8] {
        let list = extensions.flatMap { Self.word(Int($0.type)) + Self.vector($0.body) }
        let head = Self.word(Int(legacyVersion)) + [UInt8](repeating: 7, count: 32) + [0]
        return head + Self.vector(Self.words(suites)) + [1, 0] + Self.vector(list)
    }

    /// The message with its handshake header.
    var message: [UInt8] { [1, 0] + Self.vector(body) }

    /// The message in records of at most `size` bytes each.
    func records(of size: Int = 16_384) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 1] + Self.vector(Array(message[start..<min(start + size, message.count)]))
        }
    }
}
