import BelfryAnomaly
import BelfryBytes

/// Random numbers of the distributions that traffic has, from one seed.
package struct RandomSource: Sendable {
    private var generator: SplitMix64

    package init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    package mutating func bits() -> UInt64 { generator.next() }
    package mutating func below(_ bound: Int) -> Int { bound > 0 ? generator.below(bound) : 0 }

    /// From 0 up to, not including, 1.
    package mutating func uniform() -> Double { Double(generator.next() >> 11) * 0x1p-53 }

    /// Mean 0, deviation 1: twelve uniform ones, which reach 6 deviations and need no logarithm.
    package mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + uniform() } }

    package mutating func poisson(_ mean: Double) -> Int {
        guard mean > 0 else { return 0 }
        guard mean < 30 else { return Int(max(0, (mean + mean.squareRoot() * normal()).rounded())) }
        let limit = RealMath.exp(-mean)
        var count = 0
        var product = uniform()
        while product > limit {
            product *= uniform()
            count += 1
        }
        return count
    }

    /// Mean 1 and variance 1/shape; a gamma distribution by the cube of a normal one (Wilson and Hilferty 1931).
    package mutating func gamma(shape: Double) -> Double {
        let cube = 1 - 1 / (9 * shape) + normal() / (3 * shape.squareRoot())
        return max(0, cube * cube * cube)
    }

    /// A rank from 0: low ones are frequent, as users and rooms are.
    package mutating func rank(of count: Int) -> Int {
        let skewed = RealMath.power(Double(max(1, count)), uniform()) - 1
        return min(max(0, count - 1), Int(skewed))
    }
}
