/// Streams by deadline: a binary heap that knows where each stream stands, so there is one entry a stream.
///
/// Deadlines mostly move later, at each publication. Those moves are not followed: an entry may be early, never late, and
/// whoever finds it due looks at the stream and sets it right.
struct DeadlineQueue: Sendable {
    struct Entry: Sendable {
        var deadline: WallTime
        let slot: Int
    }

    private var heap: [Entry] = []
    /// Where each slot's entry stands; -1 for none.
    private var places: [Int] = []

    var first: Entry? { heap.first }

    /// Sees to it that the slot's entry is not later than its deadline.
    mutating func hasten(_ slot: Int, to deadline: WallTime) {
        if let place = place(of: slot), heap[place].deadline <= deadline { return }
        set(slot, to: deadline)
    }

    mutating func set(_ slot: Int, to deadline: WallTime) {
        guard let place = place(of: slot) else {
            while places.count <= slot { places.append(-1) }
            places[slot] = heap.count
            heap.append(Entry(deadline: deadline, slot: slot))
            return rise(heap.count - 1)
        }
        let isEarlier = deadline < heap[place].deadline
        heap[place].deadline = deadline
        if isEarlier { rise(place) } else { sink(place) }
    }

    mutating func remove(_ slot: Int) {
        guard let place = place(of: slot) else { return }
        places[slot] = -1
        let last = heap.removeLast()
        guard place < heap.count else { return }
        heap[place] = last
        places[last.slot] = place
        rise(place)
        sink(places[last.slot])
    }

    private func place(of slot: Int) -> Int? {
        slot < places.count && places[slot] >= 0 ? places[slot] : nil
    }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard heap[place].deadline < heap[parent].deadline else { return }
            swap(place, parent)
            place = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in (2 * place + 1)...(2 * place + 2) where child < heap.count {
                if heap[child].deadline < heap[least].deadline { least = child }
            }
            guard least != place else { return }
            swap(place, least)
            place = least
        }
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        places[heap[left].slot] = left
        places[heap[right].slot] = right
    }
}
