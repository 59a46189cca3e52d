public import BelfryBytes

/// What a timer carries: whom it is for and what for, in the delegate's own terms.
@frozen public struct TimerPayload: Hashable, Sendable {
    /// A packed ``SlotID``, or any number the delegate understands.
    ///
    /// A slot may be stale by the time it fires.
    public let target: UInt64
    public let kind: UInt16

    @inlinable public init(target: UInt64, kind: UInt16) {
        self.target = target
        self.kind = kind
    }

    @inlinable public init(slot: SlotID, kind: UInt16) {
        self.init(target: slot.token, kind: kind)
    }

    @inlinable public var slot: SlotID { SlotID(token: target) }
}

/// The name of one armed timer; stale as soon as it fired or was cancelled.
@frozen public struct TimerID: Hashable, Sendable {
    @usableFromInline let index: UInt32
    @usableFromInline let generation: UInt32

    @inlinable init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    /// Names no timer; cancelling it does nothing.
    ///
    /// Spares connections an optional.
    @inlinable public static var none: TimerID { TimerID(index: .max, generation: 0) }
}

/// A timer that came due.
public struct ExpiredTimer: Hashable, Sendable {
    public let payload: TimerPayload
    /// The step it was due at, up to one resolution after the deadline asked for; now minus this is the
    /// loop's lag.
    public let due: Instant
}
