// Loops fill one each, hand it over at the end of a tick, and take an empty one. Nothing here depends on the
// number of clients: each table has its size. Subjects, rooms and tokens come as 64-bit pseudonyms made under a
// secret key, so nobody outside can choose them; networks come as they are and are mixed before they are hashed.

/// Who did what in one tick of one loop.
package struct TrafficSketch: Sendable {
    /// A session's beginning or end, kept in order.
    package struct SessionEvent: Equatable, Sendable {
        package let subject: UInt64
        /// Of the token's `jti`, or of the token when it has none.
        package let token: UInt64
        package let net: ClientNet
        package let isOpening: Bool
    }

    /// Session events of a tick that are kept; 400 a second and loop.
    package static let sessionLimit = 4_096

    package private(set) var accepts: HeavyHitters
    package private(set) var failures: DistinctPerKey
    package private(set) var failedHandshakes: HeavyHitters
    package private(set) var legacyOffers: HeavyHitters
    package private(set) var senders: HeavyHitters
    package private(set) var rooms: HeavyHitters
    package private(set) var deliveries: HeavyHitters
    package private(set) var slow: HeavyHitters
    package private(set) var failingNets: HeavyHitters
    package private(set) var sessions: [SessionEvent] = []
    /// Session events for which there was no room.
    package private(set) var sessionsLost: UInt64 = 0
    /// Different addresses, and different users who began a session.
    package private(set) var sources = DistinctCounter(precision: SlidingDistinct.precision)
    package private(set) var subjects = DistinctCounter(precision: SlidingDistinct.precision)

    package init() {
        accepts = HeavyHitters(capacity: 128)
        failures = DistinctPerKey(capacity: 64)
        failingNets = HeavyHitters(capacity: 256)
        failedHandshakes = HeavyHitters(capacity: 32)
        legacyOffers = HeavyHitters(capacity: 32)
        senders = HeavyHitters(capacity: 128)
        rooms = HeavyHitters(capacity: 128)
        deliveries = HeavyHitters(capacity: 128)
        slow = HeavyHitters(capacity: 32)
    }

    package mutating func accepted(from net: ClientNet) { accepts.add(net.bits) }
    package mutating func handshakeFailed(from net: ClientNet) { failedHandshakes.add(net.bits) }
    package mutating func offeredLegacy(from net: ClientNet) { legacyOffers.add(net.bits) }

    package mutating func authFailed(_ subject: UInt64, from net: ClientNet) {
        failures.add(net.bits, with: subject)
        failingNets.add(net.bits)
    }

    /// A client's whole address, 128 bits; counted under a secret seed.
    package mutating func sawSource(high: UInt64, low: UInt64, seed: UInt64) {
        sources.add((high.mixed(with: seed) ^ low).mixed(with: seed))
    }

    /// A command that publishes; how far it reaches is known elsewhere and later.
    package mutating func published(by subject: UInt64, to room: UInt64, weight: UInt64 = 1) {
        senders.add(subject, weight: weight)
        rooms.add(room, weight: weight)
    }

    /// A publication on its way to the members on one loop.
    package mutating func fannedOut(in room: UInt64, to recipients: Int, weight: UInt64 = 1) {
        deliveries.add(room, weight: weight.multipliedSaturating(by: UInt64(clamping: recipients)))
    }

    /// A command that publishes, and to how many it goes.
    package mutating func sent(by subject: UInt64, to room: UInt64, recipients: Int, count: Int = 1) {
        let times = UInt64(clamping: count)
        senders.add(subject, weight: times)
        rooms.add(room, weight: times)
        deliveries.add(room, weight: times.multipliedSaturating(by: UInt64(clamping: recipients)))
    }

    /// A connection that does not take its bytes.
    package mutating func isSlow(from net: ClientNet, bytes: Int) {
        slow.add(net.bits, weight: UInt64(clamping: bytes))
    }

    package mutating func session(_ event: SessionEvent) {
        if event.isOpening { subjects.add(event.subject) }
        guard sessions.count < Self.sessionLimit else { return sessionsLost = sessionsLost &+ 1 }
        sessions.append(event)
    }

    /// Puts another loop's tick to this one.
    package mutating func merge(_ other: TrafficSketch) {
        accepts.merge(other.accepts)
        failures.merge(other.failures)
        failingNets.merge(other.failingNets)
        failedHandshakes.merge(other.failedHandshakes)
        legacyOffers.merge(other.legacyOffers)
        senders.merge(other.senders)
        rooms.merge(other.rooms)
        deliveries.merge(other.deliveries)
        slow.merge(other.slow)
        for event in other.sessions { session(event) }
        sources.merge(other.sources)
        subjects.merge(other.subjects)
        sessionsLost = sessionsLost.addingSaturating(other.sessionsLost)
    }

    /// Empties it and keeps its memory.
    package mutating func removeAll() {
        accepts.removeAll()
        failures.removeAll()
        failingNets.removeAll()
        failedHandshakes.removeAll()
        legacyOffers.removeAll()
        senders.removeAll()
        rooms.removeAll()
        deliveries.removeAll()
        slow.removeAll()
        sessions.removeAll(keepingCapacity: true)
        sessionsLost = 0
        sources.removeAll()
        subjects.removeAll()
    }
}

extension TrafficSketch.SessionEvent {
    package init(_ isOpening: Bool, subject: UInt64, token: UInt64, net: ClientNet) {
        self.init(subject: subject, token: token, net: net, isOpening: isOpening)
    }
}

extension UInt64 {
    func multipliedSaturating(by other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// The finaliser of SplitMix64, so that regular keys become irregular ones.
    func mixed(with seed: UInt64) -> UInt64 {
        var bits = self ^ seed
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
