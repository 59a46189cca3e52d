/// What a descriptor is ready for, as the kernel reported it.
@frozen public struct Readiness: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bytes, or an end, wait to be read.
    @inlinable public static var readable: Readiness { Readiness(rawValue: 1) }
    /// The send buffer has room.
    ///
    /// Reported together with `readable` on nearly every event: cheap to ignore.
    @inlinable public static var writable: Readiness { Readiness(rawValue: 2) }
    /// The peer will send no more.
    ///
    /// Read until 0: with this flag a short read does *not* mean that the socket is drained, because the end
    /// already waits behind the bytes and raises no new edge.
    @inlinable public static var halfClosed: Readiness { Readiness(rawValue: 4) }
    /// Both directions are gone, or an error waits; a read tells which.
    @inlinable public static var hangup: Readiness { Readiness(rawValue: 8) }

    /// What a connection is told when its turn comes from ``Reactor/runAgain(_:)``: nothing is known, try
    /// everything.
    @inlinable public static var resumed: Readiness { [.readable, .writable, .halfClosed] }
}

/// What the kernel shall report about a descriptor, and how often.
@frozen public struct Interest: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var readable: Interest { Interest(rawValue: 1) }
    @inlinable public static var writable: Interest { Interest(rawValue: 2) }
    /// Report changes only, not a state that lasts.
    @inlinable public static var edgeTriggered: Interest { Interest(rawValue: 4) }
    /// Several loops watch one listener: wake one of them, not all (`EPOLLEXCLUSIVE`).
    ///
    /// Cannot be modified.
    @inlinable public static var exclusive: Interest { Interest(rawValue: 8) }

    /// A connection: both directions for its whole life, on edges.
    ///
    /// A stall then costs no `epoll_ctl`, a connection that we choose not to read costs no event, and one
    /// wait does not ask again about what it already reported. The price: whoever stops before `EAGAIN` must
    /// say ``Leftover/more``.
    @inlinable public static var stream: Interest { [.readable, .writable, .edgeTriggered] }
    /// A listener: level-triggered, so that what one tick's accept budget leaves is reported again.
    @inlinable public static var listener: Interest { [.readable, .exclusive] }
}
