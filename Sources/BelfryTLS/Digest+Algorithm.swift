internal import COpenSSL

extension Digest {
    /// A digest fetched once: fetching by name for each call takes locks (openssl issue 17064).
    // Sendable by proof: an EVP_MD is immutable after the fetch and never freed; EVP_Digest only reads it.
    @safe struct Algorithm: @unchecked Sendable {
        let method: OpaquePointer
        private let byteCount: Int

        static let sha1 = Algorithm("SHA1")
        static let sha256 = Algorithm("SHA256")

        private init(_ name: String) {
            guard let method = unsafe EVP_MD_fetch(nil, name, nil) else {
                preconditionFailure("libcrypto has no \(name)")
            }
            unsafe self.method = method
            byteCount = Int(unsafe EVP_MD_get_size(method))
        }

        func hash(_ bytes: Span<UInt8>) -> [UInt8] {
            unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
                let done = unsafe bytes.withUnsafeBytes { bytes in
                    unsafe EVP_Digest(bytes.baseAddress, bytes.count, output.baseAddress, nil, method, nil)
                }
                guard done == 1 else { preconditionFailure("a digest of libcrypto failed") }
                count = byteCount
            }
        }
    }
}
