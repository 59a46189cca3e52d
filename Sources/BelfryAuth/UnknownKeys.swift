/// What to tell somebody whose token names a key that no issuer has published so far.
///
/// It may be a key that came into use a moment ago, so "come again" is the first answer, and the sets are fetched. Who
/// comes again after every issuer has answered is told no: SDKs then stop. While an issuer does not answer, nobody can
/// know, and all are asked to come again.
package struct UnknownKeys: Sendable {
    /// Key ids remembered; made-up ones push the rest out, which costs those another round.
    package static let limit = 1_024

    /// How long an answer counts: within this time no other can be had.
    private static let validity = KeyRefresh.gap

    private var asked: [String: Duration] = [:]

    package init() {}

    package var count: Int { asked.count }

    /// Whether the issuers have had their say about a key id since it was first asked for.
    ///
    /// - Parameters:
    ///   - keyID: what no set contains; at most ``TokenGate/keyIDLimit`` bytes.
    ///   - now: on the clock of ``KeyRefresh``.
    ///   - answeredSince: the earliest ``KeyRefresh/answeredSince`` of all issuers; nil while one has not answered.
    /// - Returns: true: there is no such key. False: fetch, and have the client come again.
    package mutating func areDecided(_ keyID: String, at now: Duration, answeredSince: Duration?) -> Bool {
        if let first = asked[keyID], let answeredSince, answeredSince > first {
            if now - answeredSince <= Self.validity { return true }
            asked[keyID] = now  // that answer is old
            return false
        }
        if asked[keyID] == nil {
            if asked.count >= Self.limit { asked.removeAll(keepingCapacity: true) }
            asked[keyID] = now
        }
        return false
    }
}
