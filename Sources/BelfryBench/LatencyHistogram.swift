/// Counts times in buckets whose width is 1/32 of their value: a quantile is at most 3.2 % too high, never
/// too low.
///
/// 16 KiB whatever is recorded; the maximum is exact.
struct LatencyHistogram {
    /// 32 buckets for each power of two.
    private static let bits = 5
    private static let perPower = 32

    private var buckets = [UInt64](repeating: 0, count: 64 * perPower)
    private(set) var count: UInt64 = 0
    private(set) var maximum: UInt64 = 0

    mutating func record(nanoseconds: UInt64) {
        buckets[Self.bucket(of: nanoseconds)] &+= 1
        count &+= 1
        maximum = max(maximum, nanoseconds)
    }

    /// The least bucket's end that this share of the times does not exceed; 0 when nothing was recorded.
    ///
    /// - `perMille`: 1 to 1,000.
    func quantile(perMille: UInt64) -> UInt64 {
        // Rounded up: of three times the 99 % quantile is the third.
        let rank = (count / 1_000) &* perMille &+ ((count % 1_000) &* perMille &+ 999) / 1_000
        var seen: UInt64 = 0
        for index in buckets.indices {
            seen &+= buckets[index]
            if seen >= rank, seen > 0 { return min(Self.last(of: index), maximum) }
        }
        return maximum
    }

    private static func bucket(of value: UInt64) -> Int {
        if value < UInt64(perPower) { return Int(value) }
        let power = 63 - value.leadingZeroBitCount
        let step = Int(truncatingIfNeeded: value &>> UInt64(power - bits)) & (perPower - 1)
        return (power - bits + 1) * perPower + step
    }

    /// The largest value of a bucket.
    private static func last(of index: Int) -> UInt64 {
        if index < perPower { return UInt64(index) }
        let shift = UInt64(index / perPower - 1)
        let first = UInt64(perPower + index % perPower) &<< shift
        return first | ((1 &<< shift) &- 1)
    }
}
