package import BelfryBytes
import BelfryProtocol

/// The two clocks a session needs, passed with each call.
package struct SessionClock: Sendable {
    /// For limits, pings and anything that measures.
    package let monotonic: Instant
    /// For what tokens say, in seconds since 1970.
    package let unixSeconds: Int64

    package init(monotonic: Instant, unixSeconds: Int64) {
        self.monotonic = monotonic
        self.unixSeconds = unixSeconds
    }
}

extension SessionClock {
    /// What a reply says about an end at `moment`; `nil` when there is none.
    func expiry(at moment: Int64?) -> Expiry? {
        moment.map { Expiry(ttl: UInt32(clamping: $0 &- unixSeconds)) }
    }
}
