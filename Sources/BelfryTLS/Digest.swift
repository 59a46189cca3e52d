internal import COpenSSL

/// Hashes for the rest of the house: short inputs, one call, answer as bytes.
package enum Digest {
    /// SHA-1, for `Sec-WebSocket-Accept` alone (RFC 6455, 4.2.2).
    package static func sha1(_ bytes: Span<UInt8>) -> [UInt8] { Algorithm.sha1.hash(bytes) }

    package static func sha256(_ bytes: Span<UInt8>) -> [UInt8] { Algorithm.sha256.hash(bytes) }

    /// HMAC-SHA256 (RFC 2104).
    package static func hmacSHA256(_ bytes: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
        var length = UInt32(0)
        return unsafe [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            let done = unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe key.withUnsafeBufferPointer { key in
                    unsafe HMAC(
                        Algorithm.sha256.method, key.baseAddress, CInt(clamping: key.count),
                        bytes.baseAddress, bytes.count, output.baseAddress, &length)
                }
            }
            guard unsafe done != nil else { preconditionFailure("HMAC-SHA256 failed") }
            count = 32
        }
    }

    /// Compares without telling by its duration where the difference is.
    ///
    /// Lengths are no secret.
    package static func isEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes {
                unsafe CRYPTO_memcmp(left.baseAddress, $0.baseAddress, left.count) == 0
            }
        }
    }
}
