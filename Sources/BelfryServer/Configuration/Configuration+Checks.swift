import BelfryHub
import BelfryReactor

// What a single value cannot show: keys that contradict each other, and choices that deserve a warning. A key
// that was already refused takes no further part, so one mistake gives one error.

extension Configuration {
    /// Something wrong between keys, blamed on the first of them.
    private struct Conflict {
        let keys: [String]
        let problem: ConfigurationProblem

        init(_ keys: String..., problem: ConfigurationProblem) {
            self.keys = keys
            self.problem = problem
        }
    }

    func check(into reader: inout ConfigurationReader, start: ConfigurationLocation) {
        for conflict in tlsConflicts + authConflicts + clientConflicts + demoConflicts + listenConflicts {
            guard let key = conflict.keys.first, !conflict.keys.contains(where: { reader.hasFailed($0) })
            else {
                continue
            }
            reader.report(reader.location(of: key) ?? start, key, conflict.problem)
        }
    }

    private var tlsConflicts: [Conflict] {
        let certificate = "tls.certificate", key = "tls.private_key"
        if tls.pair.certificate.isEmpty, !tls.pair.privateKey.isEmpty {
            return [
                Conflict(key, certificate, problem: .missing("tls.certificate, which this key belongs to"))
            ]
        }
        if !tls.pair.certificate.isEmpty, tls.pair.privateKey.isEmpty {
            return [
                Conflict(certificate, key, problem: .missing("tls.private_key, the key of this certificate"))
            ]
        }
        guard tls.pairs.isEmpty else { return [] }
        let problem = ConfigurationProblem.missing("a certificate; the relay speaks TLS only")
        return [Conflict(certificate, key, "tls.certificates", problem: problem)]
    }

    private var authConflicts: [Conflict] {
        let secret = "auth.hmac_secret", file = "auth.hmac_secret_file"
        if auth.inlineSecret != nil, auth.fileSecret != nil {
            return [
                Conflict(
                    secret, file, problem: .contradiction("auth.hmac_secret_file is set as well; keep one"))
            ]
        }
        if auth.requireBinding, tls.clientCA.isEmpty {
            let problem = ConfigurationProblem.contradiction(
                "no token can be bound to a certificate without tls.client_ca")
            return [Conflict("auth.require_cnf", "tls.client_ca", problem: problem)]
        }
        if !auth.issuers.isEmpty { return issuerConflicts }
        guard !auth.hasKeys, !client.allowAnonymous, !client.insecure else { return [] }
        let problem = ConfigurationProblem.missing(
            "a key: hmac_secret_file, hmac_keys, public_keys, jwks or issuers; without one, and without "
                + "client.allow_anonymous, nobody can connect")
        return [
            Conflict(
                "auth", secret, file, "auth.hmac_keys", "auth.public_keys", "auth.jwks", "auth.issuers",
                "client.allow_anonymous", "client.insecure", problem: problem)
        ]
    }

    private var issuerConflicts: [Conflict] {
        if auth.hasOwnKeys, auth.issuer.isEmpty {
            let problem = ConfigurationProblem.missing(
                "a name; without one the keys beside auth.issuers could sign for the issuers there")
            return [Conflict("auth.issuer", "auth.issuers", problem: problem)]
        }
        guard auth.hasOwnKeys, auth.issuers.contains(where: { $0.name == auth.issuer }) else { return [] }
        return [
            Conflict(
                "auth.issuers", "auth.issuer",
                problem: .contradiction("auth.issuer is the name of one of them; give each its own"))
        ]
    }

    private var clientConflicts: [Conflict] {
        var conflicts: [Conflict] = []
        if client.pong >= client.ping {
            // SDKs wait for a ping within ping + pong; a pong that may come after the next ping proves
            // nothing.
            let problem = ConfigurationProblem.contradiction(
                "must be shorter than client.ping (\(client.ping.short))")
            conflicts.append(Conflict("client.pong", "client.ping", problem: problem))
        }
        if client.maxQueue < client.maxMessage {
            let problem = ConfigurationProblem.contradiction(
                "must hold one message of client.max_message at least")
            conflicts.append(Conflict("client.max_queue", "client.max_message", problem: problem))
        }
        if client.compression.maxSize < client.compression.minSize {
            let problem = ConfigurationProblem.contradiction(
                "must not be smaller than client.compression.min_size")
            conflicts.append(
                Conflict("client.compression.max_size", "client.compression.min_size", problem: problem))
        }
        let namespace = client.personalChannel.namespace
        if !namespace.isEmpty, channels.namespaces[namespace] == nil {
            // Every client would be refused with 102.
            let problem = ConfigurationProblem.contradiction("channels.namespaces has no such namespace")
            conflicts.append(
                Conflict("client.personal_channel.namespace", "channels.namespaces", problem: problem))
        }
        return conflicts
    }

    private var demoConflicts: [Conflict] {
        guard client.demoPage else { return [] }
        let page = "client.demo_page"
        if auth.secret == nil {
            let problem = ConfigurationProblem.missing(
                "auth.hmac_secret_file, which signs the tokens of the page's visitors")
            return [Conflict(page, "auth.hmac_secret", "auth.hmac_secret_file", problem: problem)]
        }
        guard auth.userIDClaim != "sub" else { return [] }
        let problem = ConfigurationProblem.contradiction(
            "visitors are named by sub, and auth.user_id_claim is \(auth.userIDClaim)")
        return [Conflict(page, "auth.user_id_claim", problem: problem)]
    }

    private var listenConflicts: [Conflict] {
        guard sidePort.listen.port != 0, server.listen.contains(sidePort.listen) else { return [] }
        return [
            Conflict(
                "side_port.listen", "server.listen",
                problem: .contradiction("server.listen has the same address"))
        ]
    }

    func warnings(located reader: ConfigurationReader, start: ConfigurationLocation) -> [ConfigurationWarning]
    {
        let found = clientWarnings + authWarnings + operationWarnings + channelWarnings
        return found.map { key, reason in
            ConfigurationWarning(location: reader.location(of: key) ?? start, key: key, reason: reason)
        }
    }

    private typealias Finding = (key: String, reason: ConfigurationWarning.Reason)

    private var clientWarnings: [Finding] {
        var found: [Finding] = []
        if client.insecure { found.append(("client.insecure", .insecureMode)) }
        if client.demoPage {
            let isExposed = !server.listen.allSatisfy(\.isLoopback)
            found.append(("client.demo_page", .demoPage(isExposed: isExposed)))
        }
        if client.origins.contains("*") { found.append(("client.origins", .anyOrigin)) }
        return found
    }

    private var authWarnings: [Finding] {
        guard auth.hasKeys else { return [] }
        var found: [Finding] = []
        let own = (auth.inlineSecret == nil ? "auth.hmac_secret_file" : "auth.hmac_secret", auth.secret)
        let shared = auth.sharedKeys.indices.map { ("auth.hmac_keys[\($0)]", auth.sharedKeys[$0].secret) }
        for (key, secret) in [own] + shared {
            guard let count = secret?.bytes.count, count < 32 else { continue }
            found.append((key, .shortSecret(byteCount: count)))
        }
        if !auth.requireExpiry { found.append(("auth.require_exp", .tokensWithoutExpiry)) }
        let needsAudience = auth.hasOwnKeys || auth.issuers.contains { $0.audience.isEmpty }
        if auth.audience.isEmpty, needsAudience { found.append(("auth.audience", .anyAudience)) }
        if auth.issuer.isEmpty, !auth.keyAddresses.isEmpty { found.append(("auth.issuer", .anyIssuer)) }
        return found + plainKeys
    }

    private var plainKeys: [Finding] {
        let lists =
            [("auth.jwks", auth.keyAddresses)]
            + auth.issuers.indices.map { ("auth.issuers[\($0)].jwks", auth.issuers[$0].keyAddresses) }
        return lists.flatMap { key, addresses in
            addresses.indices.filter { addresses[$0].isPlain }.map { ("\(key)[\($0)]", .plainKeys) }
        }
    }

    private var operationWarnings: [Finding] {
        var found: [Finding] = []
        if !limits.enabled { found.append(("limits.enabled", .limitsDisabled)) }
        if limits.enabled, limits.dryRun { found.append(("limits.dry_run", .dryRun)) }
        if !sidePort.listen.isLoopback { found.append(("side_port.listen", .sidePortExposed)) }
        if tls.clientCA.isEmpty, tls.clientCertificate == .optional {
            found.append(("tls.client_certificate", .hasNoEffect(without: "tls.client_ca")))
        }
        if !api.keys.isEmpty, !sidePort.listen.isLoopback { found.append(("api.keys", .apiExposed)) }
        for (index, key) in api.keys.enumerated() {
            guard let count = key.key?.bytes.count, count < 32 else { continue }
            found.append(("api.keys[\(index)]", .shortSecret(byteCount: count)))
        }
        if alerts.tick != .seconds(10) { found.append(("alerts.tick", .shortTick)) }
        if journal.onFailure == .refuseNew, journal.mode == .stderr {
            found.append(("journal.on_failure", .hasNoEffect(without: "journal.mode: auto or required")))
        }
        // The rule's five minutes, less a minute for the reading, the scrape and the rule's own interval.
        if journal.mode != .stderr, journal.canary > .seconds(240) {
            found.append(("journal.canary", .rareCanary))
        }
        if let count = journal.chainKey?.bytes.count, count < 32 {
            found.append(("journal.chain_key_file", .shortSecret(byteCount: count)))
        }
        if journal.plainSubjects { found.append(("journal.plain_subjects", .plainSubjects)) }
        return found
    }

    private var channelWarnings: [Finding] {
        let sections =
            [("channels.default", channels.withoutNamespace)]
            + channels.namespaces.sorted { $0.key < $1.key }.map {
                ("channels.namespaces.\($0.key)", $0.value)
            }
        return sections.flatMap { section, options in
            options.settingsWithoutEffect.map { setting, missing in
                ("\(section).\(setting)", .hasNoEffect(without: missing))
            }
        }
    }
}

extension ChannelOptions {
    private var settingsWithoutHistory: [(setting: String, missing: String)] {
        let switches = [
            ("history_size", historySize > 0), ("history_ttl", historyTTL > .zero),
            ("force_positioning", forcePositioning), ("allow_positioning", allowPositioning),
            ("force_recovery", forceRecovery), ("allow_recovery", allowRecovery),
            ("allow_history_for_client", allowHistoryForClient),
            ("allow_history_for_subscriber", allowHistoryForSubscriber),
        ]
        return switches.filter(\.1).map { ($0.0, "history_size and history_ttl") }
    }

    private var isPositionable: Bool {
        history != nil && (allowPositioning || forcePositioning || allowRecovery || forceRecovery)
    }

    /// Settings that are on while what they need is off.
    fileprivate var settingsWithoutEffect: [(setting: String, missing: String)] {
        var found: [(setting: String, missing: String)] = []
        if forcePushJoinLeave, !joinLeave { found.append(("force_push_join_leave", "join_leave")) }
        if history == nil { found += settingsWithoutHistory }
        if autoCacheRecover, forceRecoveryMode != .cache {
            found.append(("auto_cache_recover", "force_recovery_mode: cache"))
        }
        if deltaPublish, allowedDeltaTypes.isEmpty { found.append(("delta_publish", "allowed_delta_types")) }
        if !allowedDeltaTypes.isEmpty, !isPositionable {
            found.append(("allowed_delta_types", "history, and positioning or recovery"))
        }
        if !presence {
            if allowPresenceForClient { found.append(("allow_presence_for_client", "presence")) }
            if allowPresenceForSubscriber { found.append(("allow_presence_for_subscriber", "presence")) }
        }
        if allowPublishForAnonymous, !allowPublishForClient, !allowPublishForSubscriber {
            found.append(("allow_publish_for_anonymous", "allow_publish_for_client or …_for_subscriber"))
        }
        return found
    }
}
