/// The name of one connection on its loop: a slot, and which of its tenants is meant.
///
/// Fits the 64 bits that epoll carries, so a report about a closed connection can never reach the next tenant
/// of its slot. Generations of tenants are odd; 0 never names one and is free for a loop's own tokens. Public
/// for the reason given at ``SlotTable``.
@frozen public struct SlotID: Hashable, Sendable {
    /// The slot.
    public let index: UInt32
    /// Which tenant of the slot.
    public let generation: UInt32

    /// Names a tenant of a slot.
    @inlinable public init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    /// The name packed into `token`.
    @inlinable public init(token: UInt64) {
        index = UInt32(truncatingIfNeeded: token)
        generation = UInt32(truncatingIfNeeded: token >> 32)
    }

    /// The name in 64 bits.
    @inlinable public var token: UInt64 { UInt64(generation) << 32 | UInt64(index) }
}
