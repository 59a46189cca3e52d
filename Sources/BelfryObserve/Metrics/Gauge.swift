/// A handle to one gauge series.
///
/// Shards are added up, or the largest counts, as its family declares.
///
/// Values are signed integers in the family's raw unit: nanoseconds where the name says seconds.
@frozen public struct Gauge: Hashable, Sendable {
    @usableFromInline let index: Int

    @inlinable init(_ family: MetricFamily, _ place: Int = 0) { index = family.base &+ place }

    @inlinable init<Label: MetricLabel>(_ family: MetricFamily, _ label: Label) {
        self.init(family, Int(label.rawValue))
    }
}

extension Gauge {
    @inlinable public static var configLastReloadSuccessful: Gauge { Gauge(.configLastReloadSuccessful) }
    /// Nanoseconds since 1970.
    @inlinable public static var configLastReloadSuccess: Gauge { Gauge(.configLastReloadSuccess) }
    @inlinable public static func connectionsOpen(_ stage: ConnectionStage) -> Gauge {
        Gauge(.connectionsOpen, stage)
    }
    @inlinable public static var connectionsLimit: Gauge { Gauge(.connectionsLimit) }
    @inlinable public static var tlsHandshakesInProgress: Gauge { Gauge(.tlsHandshakesInProgress) }
    @inlinable public static func authKeys(_ family: KeyFamily) -> Gauge { Gauge(.authKeys, family) }
    @inlinable public static func denials(_ kind: DenialKind) -> Gauge { Gauge(.denials, kind) }
    /// Nanoseconds since 1970.
    @inlinable public static var authKeyRefresh: Gauge { Gauge(.authKeyRefresh) }
    @inlinable public static var rooms: Gauge { Gauge(.rooms) }
    @inlinable public static var roomMemberships: Gauge { Gauge(.roomMemberships) }
    /// Distinct over the whole relay: set by one shard only.
    @inlinable public static var users: Gauge { Gauge(.users) }
    @inlinable public static var historyStreams: Gauge { Gauge(.historyStreams) }
    @inlinable public static var historyPublications: Gauge { Gauge(.historyPublications) }
    @inlinable public static var historyBytes: Gauge { Gauge(.historyBytes) }
    @inlinable public static var storeFailing: Gauge { Gauge(.storeFailing) }
    @inlinable public static var storeBytes: Gauge { Gauge(.storeBytes) }
    @inlinable public static var storeQueueBytes: Gauge { Gauge(.storeQueueBytes) }
    @inlinable public static var outboundQueueBytes: Gauge { Gauge(.outboundQueueBytes) }
    @inlinable public static var outboundQueueMessages: Gauge { Gauge(.outboundQueueMessages) }
    @inlinable public static var slowConsumers: Gauge { Gauge(.slowConsumers) }
    @inlinable public static func ratelimitTracked(_ scope: RateScope) -> Gauge {
        Gauge(.ratelimitTracked, scope)
    }
    @inlinable public static var ratelimitThrottledUsers: Gauge { Gauge(.ratelimitThrottledUsers) }
    @inlinable public static var apiPending: Gauge { Gauge(.apiPending) }
    @inlinable public static var journalQueueLength: Gauge { Gauge(.journalQueueLength) }
    @inlinable public static func uniqueSources(_ window: EstimateWindow) -> Gauge {
        Gauge(.uniqueSources, window)
    }
    @inlinable public static func uniqueSubjects(_ window: EstimateWindow) -> Gauge {
        Gauge(.uniqueSubjects, window)
    }
    /// Billionths.
    @inlinable public static func overloadPressure(_ resource: OverloadResource) -> Gauge {
        Gauge(.overloadPressure, resource)
    }
    /// Billionths.
    @inlinable public static func anomalyObserved(_ detector: DetectorLabel) -> Gauge {
        Gauge(.anomalyObserved, detector)
    }
    /// Billionths.
    @inlinable public static func anomalyExpected(_ detector: DetectorLabel) -> Gauge {
        Gauge(.anomalyExpected, detector)
    }
    /// Billionths.
    @inlinable public static func anomalyScore(_ detector: DetectorLabel) -> Gauge {
        Gauge(.anomalyScore, detector)
    }
    @inlinable public static func anomalyLearning(_ detector: DetectorLabel) -> Gauge {
        Gauge(.anomalyLearning, detector)
    }
    @inlinable public static func alertActive(_ alert: AlertLabel) -> Gauge { Gauge(.alertActive, alert) }
    /// Nanoseconds since 1970.
    @inlinable public static var selfprobeLastSuccess: Gauge { Gauge(.selfprobeLastSuccess) }
    @inlinable public static func streamClients(_ stream: SideStream) -> Gauge {
        Gauge(.streamClients, stream)
    }
    /// Nanoseconds since 1970.
    @inlinable public static var journalLastVerified: Gauge { Gauge(.journalLastVerified) }
}
