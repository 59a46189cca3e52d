import Crypto

/// One key of the server API, by its digest: the key itself is forgotten once it is read.
package struct APIKey: Sendable {
    /// Who uses it, for the audit.
    package let name: String
    package let scopes: [APIScope]
    /// Seconds since 1970; `nil` for ever.
    package let expiresAt: Int64?
    fileprivate let digest: [UInt8]

    package init(name: String, key: [UInt8], scopes: [APIScope], expiresAt: Int64? = nil) {
        self.name = name
        self.scopes = scopes
        self.expiresAt = expiresAt
        digest = Array(SHA256.hash(data: key))
    }

    package func allows(_ method: APIMethod) -> Bool {
        method == .batch || method == .rpc || scopes.contains { $0.allows(method) }
    }

    /// Whether it may follow users and channels live.
    ///
    /// Not by `all`, which was given for calls: reading along must be meant.
    package func allowsTap(withBodies: Bool) -> Bool {
        scopes.contains(.tapBodies) || (!withBodies && scopes.contains(.tap))
    }

    /// Whether it may follow the journal live, for the same reason not by `all`.
    package var allowsEvents: Bool { scopes.contains(.events) }

    /// Whether it may drain the relay, have it read its files anew, and the like; not by `all`, which is given for calls.
    package var allowsAdministration: Bool { scopes.contains(.admin) }
}

/// Why a request is not let in.
package enum APIKeyRefusal: Error, Equatable, Sendable {
    case missing
    case unknown
    case expired(name: String)
}

/// The keys in force.
package struct APIKeys: Sendable {
    private let keys: [APIKey]

    package init(_ keys: [APIKey] = []) { self.keys = keys }

    /// Without a key nobody is let in, and the server API is off.
    package var isEmpty: Bool { keys.isEmpty }

    /// Finds the key that was presented.
    ///
    /// Digests are compared, all of them and to their ends: the time it takes tells nothing about any key.
    ///
    /// - Parameters:
    ///   - presented: The bytes as they came; `nil` when none came.
    ///   - now: Seconds since 1970.
    /// - Returns: The key, which has not ended.
    /// - Throws: ``APIKeyRefusal``.
    package func find(_ presented: [UInt8]?, at now: Int64) throws(APIKeyRefusal) -> APIKey {
        guard let presented, !presented.isEmpty else { throw .missing }
        let digest = Array(SHA256.hash(data: presented))
        var found: APIKey?
        for key in keys where Self.areEqual(key.digest, digest) { found = key }
        guard let found else { throw .unknown }
        if let end = found.expiresAt, end <= now { throw .expired(name: found.name) }
        return found
    }

    /// A key that was found before, as it is now; `nil` when it is not in force any more.
    package func current(_ key: APIKey, at now: Int64) -> APIKey? {
        keys.first { Self.areEqual($0.digest, key.digest) && ($0.expiresAt.map { $0 > now } ?? true) }
    }

    private static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard one.count == other.count else { return false }
        var difference: UInt8 = 0
        for index in one.indices { difference |= one[index] ^ other[index] }
        return difference == 0
    }
}
