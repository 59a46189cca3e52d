import BelfryAuth

/// What `belfry bench` needs of the relay's configuration: its secret, to sign a token for each user, and its way of
/// writing durations.
package enum BenchTokens {
    /// Longer than any bench with its connecting and draining.
    private static let lifetimeSeconds: Int64 = 7_200

    /// Signs tokens for the users `bench-0`, `bench-1` and so on.
    ///
    /// - `count`: One for each connection.
    /// - `path`: The configuration file.
    /// Throws What is wrong with the file, or that it names no HMAC secret.
    package static func sign(count: Int, configuration path: String) throws -> [String] {
        let auth = try Configuration.load(path: path, environment: ProcessEnvironment.variables).configuration
            .auth
        guard let secret = auth.secret, let algorithm = auth.hmacAlgorithms.first else {
            throw StartFailure(description: "auth.hmac_secret: tokens are signed with it, and there is none")
        }
        let bytes = secret.bytes
        let signer = try Blocking.result { try await TokenSigner(secret: bytes, algorithm: algorithm) }.get()
        return try (0..<max(0, count)).map { try signer.sign(contents(user: "bench-\($0)", auth)) }
    }

    /// Reads `10s` or `5m`, from a second to an hour.
    package static func duration(_ text: String) throws -> Duration {
        let format = ConfigurationFormat<Duration>.duration(.seconds(1), .seconds(3_600))
        let files = ConfigurationFiles(configurationPath: "", environment: [:])
        guard let duration = try format.parse(text, files) else {
            throw StartFailure(description: "--duration: expected \(format.expects)")
        }
        return duration
    }

    private static func contents(user: String, _ auth: Configuration.Auth) -> TokenSigner.Contents {
        let now = WallClock.unixSeconds()
        var contents = TokenSigner.Contents(user: user)
        contents.issuedAt = now
        contents.expiresAt = now &+ lifetimeSeconds
        contents.issuer = auth.issuer.isEmpty ? nil : auth.issuer
        contents.audience = auth.audience.isEmpty ? nil : auth.audience
        return contents
    }
}
