public import BelfryBytes

// A hierarchical timing wheel (Varghese and Lauck, 1987): six levels of 64 slots, each level 64 times
// coarser.
//
//   level 0: one slot = one step (10 ms)   ·   level 1: 640 ms   ·   level 2: 41 s   ·   … level 5: 124 days
//
// Always: (1) a timer never fires early and, while the loop keeps up, at most one step late; (2) arming and
// cancelling are O(1) and, once the wheel has seen its greatest number of timers, allocate nothing; (3) a
// timer lies at the level of the highest digit in which its step differs from `position`, so each lower level
// comes due before any higher; (4) the work of one call is bounded: a slot that is only half moved down stays
// first in line.

/// Deadlines of one loop.
public struct TimerWheel: ~Copyable {
    static let slotBits = 6
    static let slotsPerLevel = 64
    static let levelCount = 6
    // 64^6 steps are 21 years of 10 ms: a deadline further away, `Instant.max` included, waits that long.
    static let lastStep: UInt64 = 1 << 36 - 1
    static let noNode: UInt32 = .max

    /// A timer, linked into the ring of its slot.
    struct Node {
        var previous: UInt32
        /// The next of the ring, or of the free list.
        var next: UInt32
        var generation: UInt32
        var slot: UInt16
        var kind: UInt16
        var step: UInt64
        var target: UInt64
    }

    let origin: Instant
    let nanosecondsPerStep: UInt64
    /// The step up to which everything has fired.
    var position: UInt64 = 0
    var nodes: [Node] = []
    var firstFree: UInt32 = noNode
    /// First node of each slot's ring, oldest first: nobody who waits for a step is overtaken in its ring.
    var rings = [UInt32](repeating: noNode, count: levelCount * slotsPerLevel)
    /// One bit a slot: whether its ring has timers.
    var occupied = [UInt64](repeating: 0, count: levelCount)

    /// Armed timers.
    public private(set) var count = 0
    public let capacity: Int

    /// - Parameters:
    ///   - origin: The present; deadlines before it are due at once.
    ///   - resolution: Length of a step, 1 µs or more.
    ///   - capacity: Most timers armed together. A connection arms a fixed handful, so more is a leak of
    ///     ours.
    public init(
        origin: Instant, resolution: Duration = .milliseconds(10), capacity: Int = 16 * 1024 * 1024
    ) {
        precondition(resolution >= .microseconds(1) && capacity > 0 && capacity < Int(UInt32.max))
        self.origin = origin
        self.capacity = capacity
        nanosecondsPerStep = resolution.clampedNanoseconds.magnitude
    }

    // MARK: Arming

    /// Fires `payload` at `deadline` or up to one step later.
    @discardableResult
    public mutating func arm(_ payload: TimerPayload, at deadline: Instant) -> TimerID {
        precondition(count < capacity, "more timers than connections can need: some are never cancelled")
        let index = takeNode()
        let position = Int(index)
        nodes[position].kind = payload.kind
        nodes[position].target = payload.target
        nodes[position].step = stepAfter(deadline)
        count += 1
        place(index)
        return TimerID(index: index, generation: nodes[position].generation)
    }

    /// Disarms a timer; `false` if it has fired or was cancelled before.
    @discardableResult
    public mutating func cancel(_ id: TimerID) -> Bool {
        guard Int(id.index) < nodes.count, id.generation & 1 == 1,
            nodes[Int(id.index)].generation == id.generation
        else { return false }
        unlink(id.index)
        release(id.index)
        return true
    }

    // MARK: Expiry

    /// When to look again, or `nil` if nothing is armed.
    ///
    /// May be earlier than the next timer: then a coarse slot is due to be split, which happens at most five
    /// times in a timer's life.
    public var nextDeadline: Instant? {
        guard count > 0, let slot = earliestSlot() else { return nil }
        return instant(of: slot.step)
    }

    /// Takes one due timer off the wheel.
    ///
    /// - Parameters:
    ///   - now: Timers of a later step stay.
    ///   - budget: Timers that may yet be fired or moved to a finer level; counted down. When it reaches 0
    ///     some may be
    ///     left, and ``nextDeadline`` is in the past.
    /// - Returns: `nil` when nothing is due or the budget is spent.
    public mutating func popExpired(at now: Instant, budget: inout Int) -> ExpiredTimer? {
        let current = stepBefore(now)
        while budget > 0 {
            guard count > 0, let slot = earliestSlot(), slot.step <= current else {
                position = max(position, current)
                return nil
            }
            budget -= 1
            position = max(position, slot.step)
            let index = rings[slot.ring]
            unlink(index)
            if slot.ring < Self.slotsPerLevel { return expire(index) }
            place(index)
        }
        return nil
    }

    private mutating func expire(_ index: UInt32) -> ExpiredTimer {
        let node = nodes[Int(index)]
        release(index)
        return ExpiredTimer(
            payload: TimerPayload(target: node.target, kind: node.kind), due: instant(of: node.step))
    }

    /// The occupied slot whose span begins first.
    ///
    /// Of two that begin together the coarser: once split, it no longer counts, and the finer ring is complete.
    private func earliestSlot() -> (ring: Int, step: UInt64)? {
        var best: (ring: Int, step: UInt64)?
        for level in 0..<Self.levelCount where occupied[level] != 0 {
            let shift = UInt64(level * Self.slotBits)
            let here = (position >> shift) & 63
            let turned = occupied[level] >> here | occupied[level] << (64 &- here)
            let slot = (here &+ UInt64(turned.trailingZeroBitCount)) & 63
            let round = (position >> (shift &+ 6)) << (shift &+ 6)
            let step = round | slot << shift
            if let best, best.step < step { continue }
            best = (level * Self.slotsPerLevel + Int(slot), step)
        }
        return best
    }

    // MARK: Steps

    private func stepAfter(_ deadline: Instant) -> UInt64 {
        guard deadline > origin else { return 0 }
        let (steps, rest) = (deadline.nanoseconds - origin.nanoseconds).quotientAndRemainder(
            dividingBy: nanosecondsPerStep)
        return min(rest == 0 ? steps : steps + 1, Self.lastStep)
    }

    private func stepBefore(_ now: Instant) -> UInt64 {
        guard now > origin else { return 0 }
        return min((now.nanoseconds - origin.nanoseconds) / nanosecondsPerStep, Self.lastStep)
    }

    private func instant(of step: UInt64) -> Instant {
        let (offset, overflow) = step.multipliedReportingOverflow(by: nanosecondsPerStep)
        let (sum, carried) = origin.nanoseconds.addingReportingOverflow(offset)
        return Instant(nanoseconds: overflow || carried ? .max : sum)
    }

    // MARK: Rings

    /// Links a node at the end of the ring its step belongs to, as seen from `position`.
    private mutating func place(_ index: UInt32) {
        let step = max(nodes[Int(index)].step, position)
        let level = (63 &- ((step ^ position) | 63).leadingZeroBitCount) / Self.slotBits
        let slot = Int(step >> UInt64(level * Self.slotBits) & 63)
        let ring = level * Self.slotsPerLevel + slot
        nodes[Int(index)].slot = UInt16(ring)
        occupied[level] |= 1 << UInt64(slot)
        let first = rings[ring]
        guard first != Self.noNode else {
            nodes[Int(index)].next = index
            nodes[Int(index)].previous = index
            rings[ring] = index
            return
        }
        let last = nodes[Int(first)].previous
        nodes[Int(index)].previous = last
        nodes[Int(index)].next = first
        nodes[Int(last)].next = index
        nodes[Int(first)].previous = index
    }

    private mutating func unlink(_ index: UInt32) {
        let node = nodes[Int(index)]
        let ring = Int(node.slot)
        guard node.next != index else {
            rings[ring] = Self.noNode
            occupied[ring / Self.slotsPerLevel] &= ~(1 << UInt64(ring % Self.slotsPerLevel))
            return
        }
        nodes[Int(node.previous)].next = node.next
        nodes[Int(node.next)].previous = node.previous
        if rings[ring] == index { rings[ring] = node.next }
    }

    private mutating func takeNode() -> UInt32 {
        guard firstFree != Self.noNode else {
            nodes.append(Node(previous: 0, next: 0, generation: 1, slot: 0, kind: 0, step: 0, target: 0))
            return UInt32(nodes.count - 1)
        }
        let index = firstFree
        firstFree = nodes[Int(index)].next
        nodes[Int(index)].generation &+= 1
        return index
    }

    private mutating func release(_ index: UInt32) {
        nodes[Int(index)].generation &+= 1
        nodes[Int(index)].next = firstFree
        firstFree = index
        count -= 1
    }
}
