package import BelfryAPI

extension Configuration {
    /// The server API: who may call it, and how much of it there is.
    package struct API: Equatable, Sendable {
        package struct Key: Equatable, Sendable {
            package var name = ""
            /// From `key`.
            var inlineKey: Secret?
            /// From `key_file`.
            var fileKey: Secret?
            package var scopes: [APIScope] = []
            /// Seconds since 1970; `nil`: no end.
            package var expires: Int64?

            var key: Secret? { inlineKey ?? fileKey }
        }

        /// Without keys the API is off.
        package var keys: [Key] = []
        /// Bytes of one call.
        package var maxBody = 1 << 20
        /// Time for the event loops to answer.
        package var timeout = Duration.seconds(5)
        /// Questions that may wait for the event loops.
        package var maxPending = 16_384
        /// Connections of callers.
        package var connections = 256

        var knownKeys: APIKeys {
            APIKeys(
                keys.compactMap { key in
                    key.key.map {
                        APIKey(name: key.name, key: $0.bytes, scopes: key.scopes, expiresAt: key.expires)
                    }
                })
        }
    }
}

extension Configuration.API {
    static let keys: [ConfigurationKey<Self>] = [
        .records("keys", \.keys, empty: Key(), keys: Key.keys, count: 0...64, check: Key.check).reloaded,
        .value("max_body", \.maxBody, .size("1KiB", "64MiB")),
        .value("timeout", \.timeout, .duration(.milliseconds(100), .seconds(60))),
        .value("max_pending", \.maxPending, .integer(100...1_000_000)),
        .value("connections", \.connections, .integer(1...10_000)),
    ]
}

extension Configuration.API.Key {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("name", \.name, .name(1...64)),
        .value("key", \.inlineKey, .secret),
        .value("key_file", \.fileKey, .secretFile),
        .list("scopes", \.scopes, .choice(), count: 1...32),
        .value("expires", \.expires, .date),
    ]

    fileprivate static func check(_ key: Self, earlier: [Self]) -> ConfigurationProblem? {
        if key.name.isEmpty { return .missing("name, which the audit calls it by") }
        if (key.inlineKey == nil) == (key.fileKey == nil) { return .missing("either key_file or key") }
        if key.scopes.isEmpty { return .missing("scopes; all is one") }
        if earlier.contains(where: { $0.name == key.name }) {
            return .contradiction("another key has the same name")
        }
        let isRepeated = earlier.contains { $0.key == key.key }
        return isRepeated ? .contradiction("another key is the same") : nil
    }
}
