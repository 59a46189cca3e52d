/// A handle to one histogram: its first bucket in every shard, and where its bounds stand.
///
/// Values are in the family's raw unit: nanoseconds where the name says seconds.
@frozen package struct Histogram: Hashable, Sendable {
    @usableFromInline let index: Int
    @usableFromInline let bounds: Int

    @inlinable init(_ family: MetricFamily, _ buckets: Buckets, _ place: Int = 0) {
        index = family.base &+ place &* Buckets.cells
        bounds = Int(buckets.rawValue) &* Buckets.width
    }
}

extension Histogram {
    @inlinable package static var eventLoopLag: Histogram { Histogram(.eventLoopLag, .latency) }
    @inlinable package static var connectionDuration: Histogram { Histogram(.connectionDuration, .life) }
    @inlinable package static func tlsHandshake(resumed: Bool) -> Histogram {
        Histogram(.tlsHandshakeDuration, .handshake, Int(Flag(resumed).rawValue))
    }
    @inlinable package static var wsPingRTT: Histogram { Histogram(.wsPingRTT, .latency) }
    @inlinable package static var auth: Histogram { Histogram(.authDuration, .handshake) }
    @inlinable package static var authTokenRemaining: Histogram { Histogram(.authTokenRemaining, .life) }
    @inlinable package static var delivery: Histogram { Histogram(.delivery, .latency) }
    @inlinable package static var fanoutRecipients: Histogram { Histogram(.fanoutRecipients, .fanout) }
    @inlinable package static var messageSize: Histogram { Histogram(.messageSize, .size) }
    @inlinable package static var journalWrite: Histogram { Histogram(.journalWrite, .latency) }
}
