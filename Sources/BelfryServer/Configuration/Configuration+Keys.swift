import BelfryAuth
import BelfryBroker
import BelfryHub

// Every key there is. A key that is not here is refused; a key that is here must be explained in
// ops/belfry.yaml.

extension Configuration {
    static let keys: [ConfigurationKey<Configuration>] =
        .section("server", \.server, Server.keys)
        + .section("tls", \.tls, TLS.keys)
        + .section("auth", \.auth, Auth.keys)
        + .section("client", \.client, Client.keys)
        + .section("channels", \.channels, Channels.keys)
        + .section("limits", \.limits, Limits.keys)
        + .section("broker", \.broker, Broker.keys)
        + .section("history", \.history, History.keys)
        + .section("side_port", \.sidePort, SidePort.keys)
        + .section("api", \.api, API.keys)
        + .section("alerts", \.alerts, Alerts.keys)
        + .section("journal", \.journal, JournalOptions.keys)
        + .section("probe", \.probe, Probe.keys)
}

extension Configuration.Probe {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("interval", \.interval, .duration(.zero, .seconds(3_600)))
    ]
}

extension Configuration.Server {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .list("listen", \.listen, .listenAddress, count: 1...16),
        .value("loops", \.loops, .integer(0...256)),
        .value("node", \.node, .name(0...64, also: ".")),
        .value("drain", \.drain, .duration(.zero, .seconds(3_600))),
        .value("max_connections", \.maxConnections, .integer(1...10_000_000)),
    ]
}

extension Configuration.TLS {
    fileprivate static let keys: [ConfigurationKey<Self>] =
        .section("", \.pair, Pair.keys).reloaded() + [
            .records(
                "certificates", \.furtherPairs, empty: Pair(), keys: Pair.keys, count: 0...8,
                check: { pair, _ in
                    pair.certificate.isEmpty || pair.privateKey.isEmpty ? .missing("both files") : nil
                }
            ).reloaded,
            .value("min_version", \.minVersion, .choice()),
            .value("handshake_timeout", \.handshakeTimeout, .duration(.seconds(1), .seconds(60))),
            .value("client_ca", \.clientCA, .optionalFile).reloaded,
            .value("client_certificate", \.clientCertificate, .choice()).reloaded,
            .value("ticket_rotation", \.ticketRotation, .duration(.seconds(60), .seconds(7 * 86_400))),
        ]
}

extension Configuration.TLS.Pair {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("certificate", \.certificate, .file),
        .value("private_key", \.privateKey, .file),
    ]
}

extension Configuration.Auth {
    fileprivate static let keys =
        verifierKeys.reloaded() + [.value("denials", \.denials, .integer(100...1_000_000))]

    /// What a verifier is made of.
    private static let verifierKeys: [ConfigurationKey<Self>] = [
        .value("hmac_secret", \.inlineSecret, .secret),
        .value("hmac_secret_file", \.fileSecret, .secretFile),
        .list("hmac_algorithms", \.hmacAlgorithms, .algorithm { $0.family == .hmac }, count: 1...3),
        .records(
            "hmac_keys", \.sharedKeys, empty: SharedKey(), keys: SharedKey.keys, count: 0...16,
            check: SharedKey.check),
        .records(
            "public_keys", \.publicKeys, empty: PublicKey(), keys: PublicKey.keys, count: 0...32,
            check: PublicKey.check),
        .value("hmac_previous_secret_file", \.previousSecret, .secretFile),
        .value("hmac_previous_valid_until", \.previousValidUntil, .date),
        .records(
            "jwks", \.keyAddresses, empty: KeyAddress(), keys: KeyAddress.keys, count: 0...4,
            shorthand: "url", check: KeyAddress.check),
        .value("jwks_refresh", \.keyRefresh, .duration(.seconds(30), .seconds(86_400))),
        .records(
            "issuers", \.issuers, empty: Issuer(), keys: Issuer.keys, count: 0...16, check: Issuer.check),
        .value("issuer", \.issuer, .text(0...512, what: "a name")),
        .value("audience", \.audience, .text(0...512, what: "a name")),
        .value("require_exp", \.requireExpiry, .flag),
        .value("leeway", \.leeway, .wholeSeconds(.zero, .seconds(60))),
        .value("user_id_claim", \.userIDClaim, .text(1...64, what: "a claim's name")),
        .value("cache", \.cache, .integer(0...1_000_000)),
        .value("require_cnf", \.requireBinding, .flag),
    ]
}

extension Configuration.Auth.PublicKey {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("kid", \.keyID, .text(0...128, what: "a key id")),
        .value("alg", \.algorithm, .publicAlgorithm),
        .value("file", \.filePEM, .publicKeyFile),
        .value("pem", \.inlinePEM, .publicKey),
        .value("valid_until", \.validUntil, .date),
    ]

    fileprivate static func check(_ key: Self, earlier: [Self]) -> ConfigurationProblem? {
        if key.algorithm == nil { return .missing("alg") }
        if (key.filePEM == nil) == (key.inlinePEM == nil) { return .missing("either file or pem") }
        let isRepeated = !key.keyID.isEmpty && earlier.contains { $0.keyID == key.keyID }
        return isRepeated ? .contradiction("another public key has the same kid") : nil
    }
}

extension Configuration.Auth.KeyAddress {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("url", \.url, .keyAddress),
        .value("ca", \.authorities, .authorities),
    ]

    fileprivate static func check(_ address: Self, earlier: [Self]) -> ConfigurationProblem? {
        if address.url.isEmpty { return .missing("url") }
        if address.isPlain, !address.authorities.isEmpty { return .contradiction("ca is for https only") }
        let isRepeated = earlier.contains { $0.url == address.url }
        return isRepeated ? .contradiction("stands in the list twice") : nil
    }
}

extension Configuration.Auth.Issuer {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("issuer", \.name, .text(1...512, what: "a name")),
        .value("audience", \.audience, .text(0...512, what: "a name")),
        .value("user_id_claim", \.userIDClaim, .text(1...64, what: "a claim's name")),
        .records(
            "jwks", \.keyAddresses, empty: Configuration.Auth.KeyAddress(),
            keys: Configuration.Auth.KeyAddress.keys, count: 0...4, shorthand: "url",
            check: Configuration.Auth.KeyAddress.check),
        .records(
            "public_keys", \.publicKeys, empty: Configuration.Auth.PublicKey(),
            keys: Configuration.Auth.PublicKey.keys, count: 0...32,
            check: Configuration.Auth.PublicKey.check),
        .value("hmac_secret_file", \.secret, .secretFile),
    ]

    fileprivate static func check(_ issuer: Self, earlier: [Self]) -> ConfigurationProblem? {
        if issuer.name.isEmpty { return .missing("issuer") }
        if !issuer.hasKeys { return .missing("a key: jwks, public_keys or hmac_secret_file") }
        let isRepeated = earlier.contains { $0.name == issuer.name }
        return isRepeated ? .contradiction("another entry has the same issuer") : nil
    }
}

extension Configuration.Auth.SharedKey {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("kid", \.keyID, .text(1...128, what: "a key id")),
        .value("secret_file", \.secret, .secretFile),
        .value("valid_until", \.validUntil, .date),
    ]

    fileprivate static func check(_ key: Self, earlier: [Self]) -> ConfigurationProblem? {
        if key.keyID.isEmpty { return .missing("kid; the key without one is auth.hmac_secret_file") }
        if key.secret == nil { return .missing("secret_file") }
        let isRepeated = earlier.contains { $0.keyID == key.keyID }
        return isRepeated ? .contradiction("another shared key has the same kid") : nil
    }
}

extension Configuration.Client {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("insecure", \.insecure, .flag),
        .value("allow_anonymous", \.allowAnonymous, .flag),
        .value("demo_page", \.demoPage, .flag),
        .value("disallow_anonymous_tokens", \.disallowAnonymousTokens, .flag),
        .list("origins", \.origins, .origin, count: 0...256),
        .value("allow_missing_origin", \.allowMissingOrigin, .flag),
        .value("max_message", \.maxMessage, .size("1KiB", "16MiB")),
        .value("max_queue", \.maxQueue, .size("4KiB", "1GiB")),
        .value("ping", \.ping, .wholeSeconds(.seconds(1), .seconds(600))),
        .value("pong", \.pong, .duration(.milliseconds(500), .seconds(300))),
        .value("connect_deadline", \.connectDeadline, .duration(.seconds(1), .seconds(60))),
        .value("write_deadline", \.writeDeadline, .duration(.seconds(1), .seconds(120))),
        .value("expired_grace", \.expiredGrace, .wholeSeconds(.zero, .seconds(600))),
        .value("channels", \.channels, .integer(1...10_000)),
        .value("commands_per_frame", \.commandsPerFrame, .integer(1...10_000)),
        .value("personal_channel.enabled", \.personalChannel.isEnabled, .flag),
        .value("personal_channel.namespace", \.personalChannel.namespace, .text(0...64, what: "a name")),
        .value("personal_channel.single_connection", \.personalChannel.isSingle, .flag),
        .value("compression.enabled", \.compression.isEnabled, .flag),
        .value("compression.level", \.compression.level, .integer(1...9)),
        .value("compression.min_size", \.compression.minSize, .size("64B", "1MiB")),
        .value("compression.max_size", \.compression.maxSize, .size("1KiB", "16MiB")),
    ]
}

extension Configuration.Channels {
    fileprivate static let keys: [ConfigurationKey<Self>] =
        .section("default", \.withoutNamespace, ChannelOptions.keys) + [
            .table(
                "namespaces", \.namespaces, empty: ChannelOptions(), keys: ChannelOptions.keys,
                names: .name(2...64), countMax: 1_000)
        ]
}

extension ChannelOptions {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("presence", \.presence, .flag),
        .value("join_leave", \.joinLeave, .flag),
        .value("force_push_join_leave", \.forcePushJoinLeave, .flag),
        .value("history_size", \.historySize, .integer(0...1_000_000)),
        .value("history_ttl", \.historyTTL, .duration(.zero, .seconds(365 * 86_400))),
        .value("history_meta_ttl", \.historyMetaTTL, .duration(.seconds(1), .seconds(365 * 86_400))),
        .value("durability", \.durability, .choice()),
        .value("force_positioning", \.forcePositioning, .flag),
        .value("allow_positioning", \.allowPositioning, .flag),
        .value("force_recovery", \.forceRecovery, .flag),
        .value("allow_recovery", \.allowRecovery, .flag),
        .value("force_recovery_mode", \.forceRecoveryMode, .choice()),
        .value("auto_cache_recover", \.autoCacheRecover, .flag),
        .list("allowed_delta_types", \.allowedDeltaTypes, .choice(), count: 0...1),
        .value("delta_publish", \.deltaPublish, .flag),
        .value("allow_tags_filter", \.allowTagsFilter, .flag),
        .value("allow_subscribe_for_client", \.allowSubscribeForClient, .flag),
        .value("allow_subscribe_for_anonymous", \.allowSubscribeForAnonymous, .flag),
        .value("allow_publish_for_client", \.allowPublishForClient, .flag),
        .value("allow_publish_for_subscriber", \.allowPublishForSubscriber, .flag),
        .value("allow_publish_for_anonymous", \.allowPublishForAnonymous, .flag),
        .value("allow_presence_for_client", \.allowPresenceForClient, .flag),
        .value("allow_presence_for_subscriber", \.allowPresenceForSubscriber, .flag),
        .value("allow_presence_for_anonymous", \.allowPresenceForAnonymous, .flag),
        .value("allow_history_for_client", \.allowHistoryForClient, .flag),
        .value("allow_history_for_subscriber", \.allowHistoryForSubscriber, .flag),
        .value("allow_history_for_anonymous", \.allowHistoryForAnonymous, .flag),
        .value("allow_user_limited_channels", \.allowUserLimitedChannels, .flag),
        .value("publication_data_format", \.publicationDataFormat, .choice()),
        .value("channel_regex", \.channelRegex, .channelPattern),
        .value(
            "client_publish_debounce_interval", \.clientPublishDebounceInterval,
            .duration(.zero, .seconds(60))),
        .value(
            "subscription_type", \.subscriptionType,
            .choice(unavailable: ["map", "map_clients", "map_users", "shared_poll"])),
    ]
}

extension Configuration.Limits {
    fileprivate static let keys: [ConfigurationKey<Self>] =
        [
            .value("enabled", \.enabled, .flag),
            .value("dry_run", \.dryRun, .flag),
            .value("budgets", \.budgets, .integer(1_000...100_000_000)),
            .value("refusals_before_disconnect", \.refusalsBeforeDisconnect, .integer(0...100_000)),
            .value("refusal_window", \.refusalWindow, .duration(.seconds(1), .seconds(3_600))),
            .value("user.connections", \.user.connections, .integer(0...1_000_000)),
            .value("address.connections", \.address.connections, .integer(0...1_000_000)),
        ]
        + .section("user.publish", \.user.publish, Rule.keys)
        + .section("user.subscribe", \.user.subscribe, Rule.keys)
        + .section("user.presence", \.user.presence, Rule.keys)
        + .section("user.commands", \.user.commands, Rule.keys)
        + .section("address.handshakes", \.address.handshakes, Rule.keys)
        + .section("address.guest_tokens", \.address.guestTokens, Rule.keys)
        + .section("connection.commands", \.connectionCommands, Rule.keys)
        + .section("channel.publish", \.channelPublish, Rule.keys)
}

extension Configuration.Limits.Rule {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("rate", \.rate, .rate),
        .value("burst", \.burst, .integer(1...1_000_000)),
    ]
}

extension Configuration.Broker {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("kind", \.kind, .choice(unavailable: ["redis", "kafka", "rabbitmq"]))
    ]
}

extension Configuration.History {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("store", \.store, .choice()),
        .value("path", \.path, .place),
        .value("max_bytes", \.maxBytes, .size("1MiB", "1024GiB")),
        .value("max_queue", \.maxQueue, .size("1MiB", "16GiB")),
    ]
}

extension Configuration.SidePort {
    fileprivate static let keys: [ConfigurationKey<Self>] = [.value("listen", \.listen, .listenAddress)]
}

extension Configuration.JournalOptions {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("mode", \.mode, .choice()),
        .value("level", \.level, .choice()).reloaded,
        .value("on_failure", \.onFailure, .choice()),
        .value("canary", \.canary, .duration(.zero, .seconds(3_600))),
        .value("chain_key_file", \.chainKey, .secretFile),
        .value("audit_queue", \.auditQueue, .integer(64...1_000_000)),
        .value("info_queue", \.infoQueue, .integer(64...1_000_000)),
        .value("pseudonym_key_file", \.pseudonymKey, .secretFile),
        .value("plain_subjects", \.plainSubjects, .flag),
    ]
}

extension ConfigurationFormat<TokenAlgorithm> {
    fileprivate static func algorithm(where isAllowed: @escaping @Sendable (TokenAlgorithm) -> Bool) -> Self {
        let words = TokenAlgorithm.allCases.filter(isAllowed).map(\.rawValue).joined(separator: ", ")
        return Self(expects: "one of \(words)") { text, _ in
            TokenAlgorithm(rawValue: text).flatMap { isAllowed($0) ? $0 : nil }
        }
    }
}

extension ConfigurationFormat<TokenAlgorithm?> {
    fileprivate static var publicAlgorithm: Self {
        let format = ConfigurationFormat<TokenAlgorithm>.algorithm { $0.family != .hmac }
        return Self(expects: format.expects) { text, files throws(ConfigurationProblem) in
            try format.parse(text, files).map { .some($0) }
        }
    }
}

/// A key as documents and check lists show it.
package struct ConfigurationKeyDescription: Sendable {
    /// Full dotted path.
    package let name: String
    /// What its value may be: unit and range.
    package let expects: String
    /// The variable that sets it; `nil` for lists and tables.
    package let variable: String?
    /// Keys of each record in a list or table.
    package let recordKeys: [String]
    /// Whether SIGHUP brings a new value into force.
    package let isReloaded: Bool
}

extension Configuration {
    /// Every key, in the order of the sections.
    package static var keyDescriptions: [ConfigurationKeyDescription] {
        keys.map { key in
            ConfigurationKeyDescription(
                name: key.name, expects: key.expects, variable: key.isScalar ? key.variable : nil,
                recordKeys: key.recordKeys, isReloaded: key.isReloaded)
        }
    }
}
