internal import COpenSSL

/// Unpredictable bytes from OpenSSL's generator, which each thread has of its own.
package enum Random {
    package static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: max(count, 0)) { output, initialized in
            unsafe fill(UnsafeMutableRawBufferPointer(output))
            initialized = max(count, 0)
        }
    }

    /// There is no safe way on without randomness, so a failure ends the process.
    static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return }
        let count = CInt(clamping: buffer.count)
        guard unsafe RAND_bytes(base.assumingMemoryBound(to: UInt8.self), count) == 1 else {
            preconditionFailure("no randomness from libcrypto")
        }
    }
}

/// Makes UUIDs of version 4 (RFC 9562, 5.4); randomness is drawn for 64 of them at a time.
package struct UUIDSource: Sendable {
    private static let batch = 64

    private var pool: [UInt8] = []
    private var used = 0

    package init() {}

    /// 36 characters, lower case.
    package mutating func next() -> String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends 36 bytes of ASCII.
    package mutating func append(to text: inout [UInt8]) {
        if used == pool.count { refill() }
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            var byte = pool[used + index]
            if index == 6 { byte = byte & 0x0F | 0x40 }
            if index == 8 { byte = byte & 0x3F | 0x80 }
            text.append(Self.digits[Int(byte >> 4)])
            text.append(Self.digits[Int(byte & 0xF)])
        }
        used += 16
    }

    private mutating func refill() {
        pool = Random.bytes(Self.batch * 16)
        used = 0
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
