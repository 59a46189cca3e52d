/// Where in a short list of entries a key is: open addressing over 16-bit slot numbers, a quarter full at most.
///
/// Keys that somebody chose to collide cost at most one look at each entry, since there are few; so no seed is
/// needed, and a look costs a few nanoseconds instead of a keyed hash.
struct SlotIndex: Sendable {
    /// Slot number plus 1; 0 is free.
    private var table: [UInt16]
    private let shift: UInt64
    private let mask: Int

    /// - Parameter capacity: Entries at most, up to 16,384.
    init(capacity: Int) {
        var bits: UInt64 = 4
        while 1 << bits < capacity * 4 { bits += 1 }
        table = [UInt16](repeating: 0, count: 1 << bits)
        shift = 64 - bits
        mask = 1 << bits - 1
    }

    private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// The place of the key in the table, or the free one where it would stand.
    private func place(of key: UInt64, in entries: [HeavyHitters.Entry]) -> Int {
        var place = home(key)
        while table[place] != 0, entries[Int(table[place]) - 1].key != key { place = (place + 1) & mask }
        return place
    }

    func slot(of key: UInt64, in entries: [HeavyHitters.Entry]) -> Int? {
        let found = table[place(of: key, in: entries)]
        return found == 0 ? nil : Int(found) - 1
    }

    /// Notes a key that is not there yet.
    mutating func insert(_ key: UInt64, at slot: Int, in entries: [HeavyHitters.Entry]) {
        table[place(of: key, in: entries)] = UInt16(truncatingIfNeeded: slot + 1)
    }

    /// Forgets a key, whose entry must still be in its slot, and moves up those that stand behind it.
    mutating func remove(_ key: UInt64, in entries: [HeavyHitters.Entry]) {
        var hole = place(of: key, in: entries)
        guard table[hole] != 0 else { return }
        var next = (hole + 1) & mask
        while table[next] != 0 {
            let home = home(entries[Int(table[next]) - 1].key)
            if (next - home) & mask >= (next - hole) & mask {
                table[hole] = table[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        table[hole] = 0
    }

    mutating func removeAll() {
        for place in table.indices where table[place] != 0 { table[place] = 0 }
    }
}
