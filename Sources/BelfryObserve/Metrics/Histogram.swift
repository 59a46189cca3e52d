/// A handle to one histogram: its first bucket in every shard, and where its bounds stand.
///
/// Values are in the family's raw unit: nanoseconds where the name says seconds.
@frozen public struct Histogram: Hashable, Sendable {
    @usableFromInline let index: Int
    @usableFromInline let bounds: Int

    @inlinable init(_ family: MetricFamily, _ buckets: Buckets, _ place: Int = 0) {
        index = family.base &+ place &* Buckets.cells
        bounds = Int(buckets.rawValue) &* Buckets.width
    }
}

extension Histogram {
    @inlinable public static var eventLoopLag: Histogram { Histogram(.eventLoopLag, .latency) }
    @inlinable public static var connectionDuration: Histogram { Histogram(.connectionDuration, .life) }
    @inlinable public static func tlsHandshake(resumed: Bool) -> Histogram {
        Histogram(.tlsHandshakeDuration, .handshake, Int(Flag(resumed).rawValue))
    }
    @inlinable public static var wsPingRTT: Histogram { Histogram(.wsPingRTT, .latency) }
    @inlinable public static var auth: Histogram { Histogram(.authDuration, .handshake) }
    @inlinable public static var authTokenRemaining: Histogram { Histogram(.authTokenRemaining, .life) }
    @inlinable public static var delivery: Histogram { Histogram(.delivery, .latency) }
    @inlinable public static var fanoutRecipients: Histogram { Histogram(.fanoutRecipients, .fanout) }
    @inlinable public static var messageSize: Histogram { Histogram(.messageSize, .size) }
    @inlinable public static var storeCommit: Histogram { Histogram(.storeCommitDuration, .latency) }
    @inlinable public static func messageStage(_ stage: MessageStage) -> Histogram {
        Histogram(.messageStage, .stage, Int(stage.rawValue))
    }
    @inlinable public static var detectorTick: Histogram { Histogram(.detectorTick, .stage) }
    @inlinable public static var selfprobe: Histogram { Histogram(.selfprobeDuration, .handshake) }
    @inlinable public static var journalWrite: Histogram { Histogram(.journalWrite, .latency) }
}
