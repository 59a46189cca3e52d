/// Connections with work left over from their last turn, first come first served.
///
/// A connection stands in it at most once, whatever the number of calls: its turn is one turn. That also
/// bounds the queue by the number of slots, with stale names of this tick on top.
public struct ReadyQueue: ~Copyable {
    private var slots: [SlotID] = []
    private var head = 0
    /// By slot index: the generation that waits, 0 for none.
    private var waiting: [UInt32] = []

    public init() {}

    public var count: Int { slots.count - head }
    public var isEmpty: Bool { head == slots.count }

    public func contains(_ slot: SlotID) -> Bool {
        let index = Int(slot.index)
        return index < waiting.count && waiting[index] == slot.generation
    }

    public mutating func append(_ slot: SlotID) {
        let index = Int(slot.index)
        if index >= waiting.count {
            waiting.append(contentsOf: repeatElement(0, count: index + 1 - waiting.count))
        }
        guard waiting[index] != slot.generation else { return }
        waiting[index] = slot.generation
        slots.append(slot)
    }

    public mutating func popFirst() -> SlotID? {
        guard head < slots.count else { return nil }
        let slot = slots[head]
        head += 1
        if waiting[Int(slot.index)] == slot.generation { waiting[Int(slot.index)] = 0 }
        reclaim()
        return slot
    }

    /// Moves the rest down once half the array is spent: constant cost a slot, and no growth without end.
    private mutating func reclaim() {
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1_024, head * 2 >= slots.count {
            slots.removeFirst(head)
            head = 0
        }
    }
}
