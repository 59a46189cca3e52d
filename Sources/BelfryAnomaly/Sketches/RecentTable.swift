/// Values by hashed key, of the keys seen last.
///
/// A fixed number of sets of 16: a key belongs to one set, and pushes out the one of it that was seen longest
/// ago. So memory and time are bounded whatever keys come, and an attacker with a million of them pushes out
/// others only in proportion. Keys must be hashed under a secret seed.
package struct RecentTable<Value: Sendable>: Sendable {
    private static var ways: Int { 16 }

    private let empty: Value
    private var keys: [UInt64]
    private var seen: [UInt32]
    private var values: [Value]
    private let mask: UInt64

    /// - Parameters:
    ///   - capacity: Keys at most; rounded up to a power of two of at least 16.
    ///   - empty: What a key has that was not known.
    package init(capacity: Int, empty: Value) {
        var sets = 1
        while sets * Self.ways < min(capacity, 1 << 24) { sets *= 2 }
        self.empty = empty
        keys = [UInt64](repeating: 0, count: sets * Self.ways)
        seen = [UInt32](repeating: 0, count: sets * Self.ways)
        values = [Value](repeating: empty, count: sets * Self.ways)
        mask = UInt64(sets - 1)
    }

    package var capacity: Int { keys.count }
    package var byteCount: Int { keys.count * (12 + MemoryLayout<Value>.stride) }

    /// Changes the value of a key, which now counts as seen.
    ///
    /// - Parameters:
    ///   - key: Hashed; 0 is taken for 1.
    ///   - tick: The current tick, never decreasing, from 1 up.
    ///   - change: Gets the known value, or the empty one.
    /// - Returns: What `change` does.
    package mutating func update<Result>(
        _ key: UInt64, at tick: UInt32, _ change: (inout Value) -> Result
    ) -> Result {
        let key = key == 0 ? 1 : key
        let index = slot(of: key)
        if keys[index] != key {
            keys[index] = key
            values[index] = empty
        }
        seen[index] = tick
        return change(&values[index])
    }

    package func value(of key: UInt64) -> Value? {
        let key = key == 0 ? 1 : key
        let index = slot(of: key)
        return keys[index] == key ? values[index] : nil
    }

    /// The key's own slot, or the one in its set that was seen longest ago.
    private func slot(of key: UInt64) -> Int {
        let first = Int(truncatingIfNeeded: (key >> 20) & mask) * Self.ways
        var oldest = first
        for index in first..<(first + Self.ways) {
            if keys[index] == key { return index }
            if seen[index] < seen[oldest] { oldest = index }
        }
        return oldest
    }
}
