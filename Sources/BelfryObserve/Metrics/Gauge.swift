/// A handle to one gauge series.
///
/// Shards are added up, or the largest counts, as its family declares.
///
/// Values are signed integers in the family's raw unit: nanoseconds where the name says seconds.
@frozen package struct Gauge: Hashable, Sendable {
    @usableFromInline let index: Int

    @inlinable init(_ family: MetricFamily, _ place: Int = 0) { index = family.base &+ place }

    @inlinable init<Label: MetricLabel>(_ family: MetricFamily, _ label: Label) {
        self.init(family, Int(label.rawValue))
    }
}

extension Gauge {
    @inlinable package static var configLastReloadSuccessful: Gauge { Gauge(.configLastReloadSuccessful) }
    /// Nanoseconds since 1970.
    @inlinable package static var configLastReloadSuccess: Gauge { Gauge(.configLastReloadSuccess) }
    @inlinable package static func connectionsOpen(_ stage: ConnectionStage) -> Gauge {
        Gauge(.connectionsOpen, stage)
    }
    @inlinable package static var connectionsLimit: Gauge { Gauge(.connectionsLimit) }
    @inlinable package static var tlsHandshakesInProgress: Gauge { Gauge(.tlsHandshakesInProgress) }
    @inlinable package static func authKeys(_ family: KeyFamily) -> Gauge { Gauge(.authKeys, family) }
    @inlinable package static var rooms: Gauge { Gauge(.rooms) }
    @inlinable package static var roomMemberships: Gauge { Gauge(.roomMemberships) }
    /// Distinct over the whole relay: set by one shard only.
    @inlinable package static var users: Gauge { Gauge(.users) }
    @inlinable package static var outboundQueueBytes: Gauge { Gauge(.outboundQueueBytes) }
    @inlinable package static var outboundQueueMessages: Gauge { Gauge(.outboundQueueMessages) }
    @inlinable package static var slowConsumers: Gauge { Gauge(.slowConsumers) }
    @inlinable package static func ratelimitTracked(_ scope: RateScope) -> Gauge {
        Gauge(.ratelimitTracked, scope)
    }
    @inlinable package static var ratelimitThrottledUsers: Gauge { Gauge(.ratelimitThrottledUsers) }
    @inlinable package static var journalQueueLength: Gauge { Gauge(.journalQueueLength) }
    /// Nanoseconds since 1970.
    @inlinable package static var journalLastVerified: Gauge { Gauge(.journalLastVerified) }
}
