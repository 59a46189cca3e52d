import BelfryAuth
import BelfrySession
import BelfryTLS
import Foundation

/// `belfry explain`: what the command line asks for.
package struct ExplainRequest: Sendable {
    /// What ``action`` may be.
    package static let actions = ChannelAction.allCases.map(\.rawValue)
    /// The exit code beside the common ones.
    static let denied: Int32 = 1

    /// One of ``actions``.
    let action: String
    let channel: String
    /// `nil`: the token's, or anonymous.
    let user: String?
    /// A token, or the claims that one would have, as a JSON object.
    let token: String?
    let isSubscribed: Bool
    let wantsJSON: Bool

    package init(
        action: String, channel: String, user: String?, token: String?, isSubscribed: Bool,
        wantsJSON: Bool
    ) {
        self.action = action
        self.channel = channel
        self.user = user
        self.token = token
        self.isSubscribed = isSubscribed
        self.wantsJSON = wantsJSON
    }

    /// Prints the explanation.
    ///
    /// - Returns: 0 when it is allowed, 1 when it is denied, 78 for a configuration that cannot be used, 64 for a question
    ///   that contradicts itself.
    package func run(configuration path: String) -> Int32 {
        do {
            let loaded = try Configuration.load(path: path, environment: ProcessEnvironment.variables)
            let answer = try Blocking.result { try await report(loaded.configuration) }.get()
            print(wantsJSON ? answer.json : answer.text, terminator: "")
            return answer.isAllowed ? ExitCode.success : Self.denied
        } catch let errors as ConfigurationErrors {
            return complain("\(errors)", ExitCode.configuration)
        } catch let problem as KeyProblem {
            return complain("\(path): \(problem)", ExitCode.configuration)
        } catch {
            return complain("\(error)", ExitCode.usage)
        }
    }

    func report(
        _ configuration: Configuration, now: Int64 = WallClock.unixSeconds()
    ) async throws -> PermissionReport {
        guard let action = ChannelAction(rawValue: action) else {
            throw StartFailure(description: "--action \(action): expected one of \(Self.actions)")
        }
        let rights = try await TokenRights(token, for: self, configuration, now: now)
        var question = PermissionQuestion(
            action, user: user ?? rights.user, capabilities: rights.capabilities)
        question.isSubscribed = isSubscribed || rights.channels.contains { $0.isIdentical(to: channel) }
        question.hasSubscriptionToken = rights.isSubscription
        return PermissionReport(question, on: channel, configuration, remarks: rights.remarks)
    }

    private func complain(_ text: String, _ code: Int32) -> Int32 {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        return code
    }
}

/// What a token adds to the rights of a user; nothing when it is refused.
private struct TokenRights {
    var user = ""
    var capabilities = Capabilities.none
    /// Subscribed by the server at connect, whatever the rules say.
    var channels: [String] = []
    /// It is a subscription token, for this channel and user.
    var isSubscription = false
    var remarks: [String] = []

    init(
        _ token: String?, for request: ExplainRequest, _ configuration: Configuration, now: Int64
    ) async throws {
        if let token {
            try await read(token, request, configuration, now)
        } else {
            remarks.append("no token was given: the user's rights are those of the channel's options")
        }
        guard configuration.client.personalChannel.isEnabled, !(request.user ?? user).isEmpty else { return }
        let personal = PersonalChannel(namespace: configuration.client.personalChannel.namespace)
        if let channel = try? personal.channel(of: request.user ?? user) { channels.append(channel) }
    }

    private mutating func read(
        _ token: String, _ request: ExplainRequest, _ configuration: Configuration, _ now: Int64
    ) async throws {
        let isClaims = token.trimmingCharacters(in: .whitespaces).hasPrefix("{")
        let (verifier, bytes) =
            isClaims
            ? try await configuration.auth.trial(of: token)
            : (try await configuration.auth.knownVerifier(), Array(token.utf8))
        guard let verifier else {
            return remarks.append("the token counts for nothing: no key stands in the configuration")
        }
        switch verifier.verifyConnection(bytes, now: now) {
        case .success(let token): try take(token, request)
        case .failure(.scope): try takeSubscription(verifier.verifySubscription(bytes, now: now), request)
        case .failure(let refusal): remarks.append(Self.refused(refusal, at: .connect))
        }
    }

    private mutating func take(_ token: ConnectionToken, _ request: ExplainRequest) throws {
        if let user = request.user, !user.isIdentical(to: token.user) {
            throw StartFailure(description: "--user \(user): the token is for the user \(token.user)")
        }
        user = token.user
        capabilities = token.capabilities
        channels = token.subscriptions.map(\.channel)
        remarks.append("the connection token is good")
        if channels.contains(where: { $0.isIdentical(to: request.channel) }) {
            remarks.append(
                "the token subscribes the connection to the channel, and no rule is asked for that")
        }
    }

    private mutating func takeSubscription(
        _ result: Result<SubscriptionToken, TokenRefusal>, _ request: ExplainRequest
    ) throws {
        switch result {
        case .failure(let refusal): remarks.append(Self.refused(refusal, at: .subscribe))
        case .success(let token):
            user = token.user
            let refusal = token.refusal(channel: request.channel, user: request.user ?? user, client: "")
            if let refusal { return remarks.append(Self.refused(refusal, at: .subscribe)) }
            isSubscription = true
            remarks.append("the subscription token is good, for this channel and user")
        }
    }

    private static func refused(_ refusal: TokenRefusal, at occasion: TokenOccasion) -> String {
        let answer =
            switch refusal.consequence(at: occasion) {
            case .error(let code): "error \(code)"
            case .close(let code): "close \(code)"
            }
        return "the token is refused (\(refusal.label)), and the client told so with \(answer)"
    }
}

extension Configuration.Auth {
    /// With the keys that stand in files; those of JWK sets are not fetched to explain something.
    fileprivate func knownVerifier() async throws -> TokenVerifier? {
        try await keyPlan(naming: Pseudonym(key: [])).verifier(fetched: [:])
    }

    /// A token with these claims, and a verifier with the policy of this relay that takes it: only the signature is ours.
    fileprivate func trial(of claims: String) async throws -> (TokenVerifier?, [UInt8]) {
        let secret = Random.bytes(32)
        let token = try await TokenSigner(secret: secret).sign(claims: Array(claims.utf8))
        let verifier = try TokenVerifier(
            policy: policy(issuer, audience, userIDClaim), keys: [try await .hmac(secret)],
            pseudonym: Pseudonym(key: []))
        return (verifier, Array(token.utf8))
    }
}
