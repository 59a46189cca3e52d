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

        /// One of several whose tokens are believed.
        package struct Issuer: Equatable, Sendable {
            /// The `iss` of its tokens.
            package var name = ""
            /// Empty: as for the others.
            package var audience = ""
            /// Empty: as for the others.
            package var userIDClaim = ""
            package var keyAddresses: [KeyAddress] = []
            package var publicKeys: [PublicKey] = []
            package var secret: Secret?

            var hasKeys: Bool { secret != nil || !publicKeys.isEmpty || !keyAddresses.isEmpty }
        }

        package var inlineSecret: Secret?
        package var fileSecret: Secret?
        /// Algorithms the shared secrets may be used with.
        package var hmacAlgorithms: [TokenAlgorithm] = [.hs256, .hs384, .hs512]
        package var publicKeys: [PublicKey] = []
        package var sharedKeys: [SharedKey] = []
        /// The secret before the present one, for tokens without `kid`.
        package var previousSecret: Secret?
        /// Seconds since 1970; `nil`: no end.
        package var previousValidUntil: Int64?
        package var keyAddresses: [KeyAddress] = []
        /// How old fetched keys may get.
        package var keyRefresh = Duration.seconds(300)
        /// Further issuers, each with keys of its own.
        package var issuers: [Issuer] = []
        /// Empty accepts any.
        package var issuer = ""
        /// Empty accepts any.
        package var audience = ""
        package var requireExpiry = true
        package var leeway = Duration.zero
        package var userIDClaim = "sub"
        /// Refuse connection tokens that are not bound to a client certificate.
        package var requireBinding = false
        /// Blocks and revocations in force together.
        package var denials = 100_000
        /// Verified tokens remembered; 0 remembers none.
        package var cache = 16_384

        /// The shared secret without `kid`, from `hmac_secret` or `hmac_secret_file`.
        package var secret: Secret? { inlineSecret ?? fileSecret }

        /// Keys of the issuer that these settings themselves describe.
        var hasOwnKeys: Bool {
            secret != nil || previousSecret != nil || !publicKeys.isEmpty || !sharedKeys.isEmpty
                || !keyAddresses.isEmpty
        }

        var hasKeys: Bool { hasOwnKeys || !issuers.isEmpty }
    }
}
