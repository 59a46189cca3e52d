package import BelfryBytes

// Budgets of many owners in bounded memory, without a task that cleans up.
//
// Open addressing over 16-byte slots. A key lives in one of eight neighbouring slots (two cache lines), or
// nowhere. A budget that is full again is as good as none, so its slot is free for anybody. When eight owners
// with spent budgets meet in one neighbourhood the table grows, and at its limit it forgets the owner who is
// least limited, the one whose budget is full soonest.
//
// Always: (1) the table never exceeds `capacity` slots; (2) a forgotten owner gets a full budget, never a
// smaller one; (3) the most limited owners stay longest.

/// Budgets by key, for one owner thread.
///
/// ``SharedLimits`` makes it safe for several.
package struct LimitTable: Sendable {
    private struct Slot {
        var fingerprint: UInt64 = 0  // 0: never used
        var arrival: UInt64 = 0
    }

    /// Two cache lines.
    ///
    /// With a million spent budgets in two million slots, 0.4 % are forgotten early (measured).
    private static let neighbours = 8
    /// The first allocation: 16 KiB, so a small relay pays for a small table.
    private static let firstSlots = 1_024

    private var slots: [Slot]
    private let capacity: Int

    /// - Parameter capacity: The most slots ever held, 16 bytes each; rounded up to a power of two, 8 to
    ///   2^30.
    package init(capacity: Int) {
        self.capacity = Self.roundedUp(min(max(capacity, Self.neighbours), 1 << 30))
        slots = Array(repeating: Slot(), count: min(self.capacity, Self.firstSlots))
    }

    /// Slots held now.
    package var slotCount: Int { slots.count }

    /// Keys whose budget is not full at `now`.
    ///
    /// Reads the whole table: for a scrape, not for a request.
    package func limitedCount(at now: Instant) -> Int {
        slots.count { $0.arrival > now.nanoseconds }
    }

    /// Spends `cost` units of the key's budget, or says how long to wait.
    package mutating func take(cost: Int, key: LimitKey, rule: LimitRule, at now: Instant) -> LimitDecision {
        var place = find(key)
        let spending = rule.spend(
            cost, arrival: place.isOwn ? slots[place.index].arrival : 0, now: now.nanoseconds)
        guard case .paid(let arrival) = spending else { return spending.decision }
        while !place.isOwn, slots[place.index].arrival > now.nanoseconds, slots.count < capacity {
            grow(at: now)
            place = find(key)
        }
        slots[place.index] = Slot(fingerprint: key.fingerprint, arrival: arrival)
        return .allowed
    }

    /// The key's slot, or the slot of the least limited neighbour.
    private func find(_ key: LimitKey) -> (index: Int, isOwn: Bool) {
        let mask = slots.count &- 1
        let start = Int(truncatingIfNeeded: key.fingerprint)
        var best = start & mask
        for step in 0..<Self.neighbours {
            let index = (start &+ step) & mask
            if slots[index].fingerprint == key.fingerprint { return (index, true) }
            if slots[index].arrival < slots[best].arrival { best = index }
        }
        return (best, false)
    }

    /// Doubles the table, again if need be, until everybody who is still limited has a place.
    private mutating func grow(at now: Instant) {
        let limited = slots.filter { $0.arrival > now.nanoseconds }
        var count = slots.count
        repeat {
            count &*= 2
            slots = Array(repeating: Slot(), count: count)
        } while !move(limited) && count < capacity
    }

    /// - Returns: Whether all found a place; in a crowded neighbourhood the most limited stay.
    private mutating func move(_ limited: [Slot]) -> Bool {
        var foundPlaces = true
        for slot in limited {
            let place = find(LimitKey(fingerprint: slot.fingerprint))
            if slots[place.index].fingerprint != 0 { foundPlaces = false }
            if slots[place.index].arrival < slot.arrival { slots[place.index] = slot }
        }
        return foundPlaces
    }

    private static func roundedUp(_ count: Int) -> Int {
        1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
    }
}
