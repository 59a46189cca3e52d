package import BelfryAuth

extension Configuration {
    /// Whose tokens are believed, and what they must say.
    package struct Auth: Equatable, Sendable {
        /// A key that anybody may know.
        package struct PublicKey: Equatable, Sendable {
            /// Empty: verifies tokens without `kid`.
            package var keyID = ""
            package var algorithm: TokenAlgorithm?
            /// From `file`.
            var filePEM: String?
            /// From `pem`.
            var inlinePEM: String?
            /// Seconds since 1970; `nil`: no end.
            package var validUntil: Int64?

            /// A PEM public key or certificate.
            package var pem: String { filePEM ?? inlinePEM ?? "" }
        }

        /// A further shared secret, told from others by its `kid`.
        package struct SharedKey: Equatable, Sendable {
            package var keyID = ""
            package var secret: Secret?
            /// Seconds since 1970; `nil`: no end.
            package var validUntil: Int64?
        }

        package var inlineSecret: Secret?
        package var fileSecret: Secret?
        /// Algorithms the shared secrets may be used with.
        package var hmacAlgorithms: [TokenAlgorithm] = [.hs256, .hs384, .hs512]
        package var publicKeys: [PublicKey] = []
        package var sharedKeys: [SharedKey] = []
        /// Empty accepts any.
        package var issuer = ""
        /// Empty accepts any.
        package var audience = ""
        package var requireExpiry = true
        package var leeway = Duration.zero
        package var userIDClaim = "sub"
        /// Verified tokens remembered; 0 remembers none.
        package var cache = 16_384

        /// The shared secret without `kid`, from `hmac_secret` or `hmac_secret_file`.
        package var secret: Secret? { inlineSecret ?? fileSecret }

        var hasKeys: Bool { secret != nil || !publicKeys.isEmpty || !sharedKeys.isEmpty }
    }
}
