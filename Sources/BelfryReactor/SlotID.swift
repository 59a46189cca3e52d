/// The name of one connection on its loop: a slot, and which of its tenants is meant.
///
/// Fits the 64 bits that epoll carries, so a report about a closed connection can never reach the next tenant
/// of its slot. Generations of tenants are odd; 0 never names one and is free for a loop's own tokens.
@frozen package struct SlotID: Hashable, Sendable {
    package let index: UInt32
    package let generation: UInt32

    @inlinable package init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    @inlinable package init(token: UInt64) {
        index = UInt32(truncatingIfNeeded: token)
        generation = UInt32(truncatingIfNeeded: token >> 32)
    }

    @inlinable package var token: UInt64 { UInt64(generation) << 32 | UInt64(index) }
}
