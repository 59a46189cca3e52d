/// What a connection token lets its bearer do in channels it names: the claim `caps`.
///
///     "caps": [{"channels": ["news:*"], "match": "wildcard", "allow": ["sub", "hst"]}]
///
/// The first entry that names a channel decides what it grants there; later ones are not looked at, as in Centrifugo.
/// Capabilities only add: what they leave open, the channel's own options may still allow.
package struct Capabilities: Equatable, Sendable {
    /// What may be granted, called as Centrifugo calls it.
    package struct Operations: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `sub`: subscribe without a subscription token.
        package static let subscribe = Operations(rawValue: 1)
        /// `pub`: publish.
        package static let publish = Operations(rawValue: 2)
        /// `prs`: ask who is present, and hear who comes and goes.
        package static let presence = Operations(rawValue: 4)
        /// `hst`: read the history, and ask for a position or for recovery.
        package static let history = Operations(rawValue: 8)

        fileprivate init?(name: String) {
            switch name {
            case "sub": self = .subscribe
            case "pub": self = .publish
            case "prs": self = .presence
            case "hst": self = .history
            default: return nil
            }
        }
    }

    fileprivate struct Grant: Equatable, Sendable {
        let channels: [ChannelPattern]
        let operations: Operations
    }

    private let grants: [Grant]

    /// No `caps` at all.
    package static let none = Capabilities(grants: [])

    package var isEmpty: Bool { grants.isEmpty }

    /// What the first entry that names `channel` grants; nil when none does.
    ///
    /// Every name is compared, in at most its length times that of the channel: for the largest token there can be,
    /// written to be slow, a millisecond.
    package func operations(in channel: String) -> Operations? {
        grants.first { grant in grant.channels.contains { $0.matches(channel) } }?.operations
    }
}

extension Capabilities {
    /// Entries of one token.
    private static let grantLimit = 64
    /// Channels of one entry; the token's own limit in bytes ends it before.
    private static let channelLimit = 512

    /// Reads the claim out of `members`.
    ///
    /// What is not understood refuses the token: an entry left out would hand its channels to a later, wider one.
    init(_ members: JSONObject) throws(TokenRefusal) {
        guard let claim = members["caps"] else {
            self = .none
            return
        }
        var grants: [Grant] = []
        for entry in try claim.strictList(limit: Self.grantLimit) {
            guard case .object(let bytes) = entry, let entry = try? JSONObject(bytes, limit: 16) else {
                throw .malformed
            }
            grants.append(try Self.grant(entry))
        }
        self.grants = grants
    }

    private static func grant(_ entry: JSONObject) throws(TokenRefusal) -> Grant {
        let usesStars: Bool
        switch entry["match"] {
        case nil, .string(""): usesStars = false
        case .string("wildcard"): usesStars = true
        // Regular expressions too: their running time is for whoever signs to choose, and for all others to bear.
        default: throw .malformed
        }
        guard let channels = entry["channels"], let allow = entry["allow"] else { throw .malformed }
        var patterns: [ChannelPattern] = []
        for channel in try channels.strictTexts(limit: channelLimit) {
            guard let pattern = ChannelPattern(channel, usesStars: usesStars) else { throw .malformed }
            patterns.append(pattern)
        }
        var operations: Operations = []
        for name in try allow.strictTexts(limit: 16) {
            guard let operation = Operations(name: name) else { throw .malformed }
            operations.insert(operation)
        }
        return Grant(channels: patterns, operations: operations)
    }
}

extension JSONValue {
    fileprivate func strictList(limit: Int) throws(TokenRefusal) -> [JSONValue] {
        guard let list = try? elements(limit: limit) else { throw .malformed }
        return list
    }

    fileprivate func strictTexts(limit: Int) throws(TokenRefusal) -> [String] {
        var texts: [String] = []
        for element in try strictList(limit: limit) {
            guard case .string(let text) = element else { throw .malformed }
            texts.append(text)
        }
        return texts
    }
}
