package import BelfryBytes

/// What a timer carries: whom it is for and what for, in the delegate's own terms.
@frozen package struct TimerPayload: Hashable, Sendable {
    /// A packed ``SlotID``, or any number the delegate understands.
    ///
    /// A slot may be stale by the time it fires.
    package let target: UInt64
    package let kind: UInt16

    @inlinable package init(target: UInt64, kind: UInt16) {
        self.target = target
        self.kind = kind
    }

    @inlinable package init(slot: SlotID, kind: UInt16) {
        self.init(target: slot.token, kind: kind)
    }

    @inlinable package var slot: SlotID { SlotID(token: target) }
}

/// The name of one armed timer; stale as soon as it fired or was cancelled.
@frozen package struct TimerID: Hashable, Sendable {
    @usableFromInline let index: UInt32
    @usableFromInline let generation: UInt32

    @inlinable init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    /// Names no timer; cancelling it does nothing.
    ///
    /// Spares connections an optional.
    @inlinable package static var none: TimerID { TimerID(index: .max, generation: 0) }
}

/// A timer that came due.
package struct ExpiredTimer: Hashable, Sendable {
    package let payload: TimerPayload
    /// The step it was due at, up to one resolution after the deadline asked for; now minus this is the
    /// loop's lag.
    package let due: Instant
}
