import BelfryAuth
import Foundation

/// `belfry token`: what the command line asks for.
package struct TokenRequest: Sendable {
    let user: String
    let channels: [String]
    let subscribe: String?
    let lifetime: String
    let info: String?

    package init(user: String, channels: [String], subscribe: String?, lifetime: String, info: String?) {
        self.user = user
        self.channels = channels
        self.subscribe = subscribe
        self.lifetime = lifetime
        self.info = info
    }

    /// Prints the token.
    ///
    /// - Returns: The exit code.
    package func run(configuration path: String) -> Int32 {
        do {
            let loaded = try Configuration.load(path: path, environment: ProcessEnvironment.variables)
            print(try Blocking.result { try await token(loaded.configuration.auth) }.get())
            return ExitCode.success
        } catch let errors as ConfigurationErrors {
            return complain("\(errors)", ExitCode.configuration)
        } catch {
            return complain("\(error)", ExitCode.failure)
        }
    }

    private func token(_ auth: Configuration.Auth) async throws -> String {
        guard let secret = auth.secret, let algorithm = auth.hmacAlgorithms.first else {
            throw StartFailure(description: "auth.hmac_secret: tokens are signed with it, and there is none")
        }
        let signer = try await TokenSigner(secret: secret.bytes, algorithm: algorithm)
        return try signer.sign(try contents(auth))
    }

    private func contents(_ auth: Configuration.Auth) throws -> TokenSigner.Contents {
        let format = ConfigurationFormat<Duration>.duration(.seconds(1), .seconds(365 * 86_400))
        let files = ConfigurationFiles(configurationPath: "", environment: [:])
        guard let duration = try format.parse(lifetime, files) else {
            throw StartFailure(description: "--ttl \(lifetime): expected \(format.expects)")
        }
        let now = WallClock.unixSeconds()
        var contents = TokenSigner.Contents(user: user)
        contents.issuedAt = now
        contents.expiresAt = now &+ duration.components.seconds
        contents.issuer = auth.issuer.isEmpty ? nil : auth.issuer
        contents.audience = auth.audience.isEmpty ? nil : auth.audience
        contents.channels = channels
        contents.channel = subscribe
        contents.info = info.map { Array($0.utf8) }
        return contents
    }

    private func complain(_ text: String, _ code: Int32) -> Int32 {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        return code
    }
}
