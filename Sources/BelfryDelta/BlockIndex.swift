/// Where each block of a base lies, by its contents.
///
/// Blocks are eight bytes: one integer, so that a candidate is compared at once, and short enough to find what stands
/// between two changed numbers of a JSON object.
struct BlockIndex {
    static let blockByteCount = 8

    /// Blocks of one bucket that are looked at: the bound that keeps the search linear when contents repeat.
    static let candidatesMax = 8

    /// Per bucket the first block and per block the next one of its bucket; -1 ends a chain.
    private var heads: [Int32]
    private var nexts: [Int32]
    private let shift: UInt64

    init(_ base: [UInt8]) {
        let count = base.count / Self.blockByteCount
        // As many buckets as blocks, rounded up: chains are short unless contents repeat.
        let bits = max(1, Int.bitWidth &- max(0, count &- 1).leadingZeroBitCount)
        shift = UInt64(64 &- bits)
        heads = [Int32](repeating: -1, count: 1 &<< bits)
        nexts = [Int32](repeating: -1, count: count)
        // From the last to the first, so that a chain begins with the earliest: low offsets have few digits.
        for block in stride(from: count &- 1, through: 0, by: -1) {
            let bucket = bucket(Self.key(base, at: block &* Self.blockByteCount))
            nexts[block] = heads[bucket]
            heads[bucket] = Int32(truncatingIfNeeded: block)
        }
    }

    /// Calls `body` with the offset of each block that may have these contents, at most ``candidatesMax`` times.
    func forEachCandidate(_ key: UInt64, _ body: (Int) -> Void) {
        var block = Int(heads[bucket(key)])
        var left = Self.candidatesMax
        while block >= 0, left > 0 {
            body(block &* Self.blockByteCount)
            block = Int(nexts[block])
            left &-= 1
        }
    }

    /// The eight bytes at `offset`, first byte highest.
    static func key(_ bytes: [UInt8], at offset: Int) -> UInt64 {
        var key: UInt64 = 0
        for index in offset..<(offset &+ blockByteCount) { key = key &<< 8 | UInt64(bytes[index]) }
        return key
    }

    private func bucket(_ key: UInt64) -> Int {
        // Fibonacci hashing: the high bits of the product with 2^64 divided by the golden ratio.
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> shift)
    }
}
