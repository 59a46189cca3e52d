// HyperLogLog (Flajolet and others, 2007) with Ertl's estimator (2017), which needs neither tables of bias nor a
// switch between two formulas. Up to 16 different hashes are kept as they are: most sources have few subjects,
// and a verdict about "3 against 12" must not rest on an estimate.

/// How many different keys were seen, exact while they are few.
package struct DistinctCounter: Restorable, Sendable {
    /// Keys up to which the count is exact.
    package static let exactLimit = 16

    private let precision: Int
    private var exact: [UInt64] = []
    private var registers: [UInt8] = []

    /// - Parameter precision: 2 to this power registers of a byte, 4 to 16; the standard error is
    ///   1.04 / sqrt(registers): 6.5 % at 8, 3.3 % at 10, 1.6 % at 12.
    package init(precision: Int = 8) { self.precision = precision.clamped(4, 16) }

    package var isExact: Bool { registers.isEmpty }
    package var isEmpty: Bool { registers.isEmpty && exact.isEmpty }

    /// Notes a key.
    ///
    /// - Parameter hash: Of good quality in all 64 bits, and seeded where keys come from outside.
    package mutating func add(_ hash: UInt64) {
        guard registers.isEmpty else { return register(hash) }
        guard !exact.contains(hash) else { return }
        guard exact.count == Self.exactLimit else { return exact.append(hash) }
        spill()
        register(hash)
    }

    private mutating func spill() {
        registers = [UInt8](repeating: 0, count: 1 << precision)
        for hash in exact { register(hash) }
        exact = []
    }

    private mutating func register(_ hash: UInt64) {
        let index = Int(truncatingIfNeeded: hash >> UInt64(64 - precision))
        let rest = hash << UInt64(precision)
        let rank = UInt8(min(rest.leadingZeroBitCount, 64 - precision) + 1)
        if registers[index] < rank { registers[index] = rank }
    }

    /// The number of different keys.
    package var estimate: Double { registers.isEmpty ? Double(exact.count) : ertl() }

    private func ertl() -> Double {
        let size = Double(registers.count)
        let deepest = 64 - precision
        var histogram = [Double](repeating: 0, count: deepest + 2)
        for rank in registers { histogram[Int(rank)] += 1 }
        var z = size * Self.tau(1 - histogram[deepest + 1] / size)
        for rank in stride(from: deepest, through: 1, by: -1) { z = 0.5 * (z + histogram[rank]) }
        z += size * Self.sigma(histogram[0] / size)
        return size * size / (2 * RealMath.log(2)) / z
    }

    private static func sigma(_ share: Double) -> Double {
        guard share < 1 else { return .infinity }
        var (x, y, z) = (share, 1.0, share)
        while true {
            x *= x
            let before = z
            z += x * y
            y += y
            if z == before { return z }
        }
    }

    private static func tau(_ share: Double) -> Double {
        guard share > 0, share < 1 else { return 0 }
        var (x, y, z) = (share, 1.0, 1 - share)
        while true {
            x = x.squareRoot()
            let before = z
            y *= 0.5
            z -= (1 - x) * (1 - x) * y
            if z == before { return z / 3 }
        }
    }

    /// Adds what another counter of the same precision has seen; one of another precision is ignored.
    package mutating func merge(_ other: DistinctCounter) {
        guard other.precision == precision else { return }
        if other.registers.isEmpty {
            for hash in other.exact { add(hash) }
            return
        }
        if registers.isEmpty { spill() }
        for index in registers.indices { registers[index] = max(registers[index], other.registers[index]) }
    }

    package mutating func removeAll() {
        exact.removeAll(keepingCapacity: true)
        registers = []
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        var isExact = registers.isEmpty
        try visitor.visit(&isExact)
        if isExact { return try showExact(to: &visitor) }
        exact = []
        if registers.isEmpty { registers = [UInt8](repeating: 0, count: 1 << precision) }
        for index in registers.indices {
            var rank = Int(registers[index])
            try visitor.visit(&rank, upTo: 65 - precision)
            registers[index] = UInt8(rank)
        }
    }

    private mutating func showExact(to visitor: inout some StateVisitor) throws(StateError) {
        var count = exact.count
        try visitor.visit(&count, upTo: Self.exactLimit)
        registers = []
        while exact.count < count { exact.append(0) }
        exact.removeLast(exact.count - count)
        for index in exact.indices { try visitor.visit(&exact[index]) }
        guard Set(exact).count == count else { throw .impossible }
    }
}
