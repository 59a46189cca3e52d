import BelfryObserve
import Testing

@Suite("Distributions") struct DistributionTests {
    private static func registry() -> MetricRegistry {
        MetricRegistry(
            build: BuildInfo(version: "1", commit: "c", swift: "6", openssl: "3"), certificateNames: [],
            eventNames: [])
    }

    private static func distribution(_ nanoseconds: [UInt64]) -> Distribution {
        let registry = registry()
        registry.shared.update { shard in for value in nanoseconds { shard.observe(value, in: .delivery) } }
        return registry.snapshot().distribution(of: .delivery)
    }

    @Test func `without values there is no quantile`() {
        #expect(Self.distribution([]).quantile(0.5) == nil)
        #expect(Distribution.empty.quantile(0.5) == nil && Distribution.empty.total == 0)
    }

    /// Bounds are 0.1, 0.25, 0.5, 1 … ms.
    @Test(arguments: [(0.0, 100_000.0), (0.25, 137_500), (0.5, 175_000), (1.0, 250_000), (2.0, 250_000)])
    func `values are taken as evenly spread within a bucket`(share: Double, expected: Double) {
        #expect(Self.distribution([200_000, 200_000, 240_000, 101_000]).quantile(share) == expected)
    }

    @Test func `a quantile lies in the bucket where its rank falls`() throws {
        let many = Self.distribution(
            Array(repeating: 90_000, count: 98) + [4_000_000, 4_900_000])
        let median = try #require(many.quantile(0.5))
        let late = try #require(many.quantile(0.99))
        #expect(median > 0 && median <= 100_000)
        #expect(late > 2_500_000 && late <= 5_000_000)
    }

    @Test func `beyond the last bound the last bound is what is known`() {
        #expect(Self.distribution([60_000_000_000]).quantile(0.99) == 5_000_000_000)
    }

    @Test func `between two looks only what came since counts`() throws {
        let registry = Self.registry()
        registry.shared.update { $0.observe(90_000, in: .delivery, times: 1_000) }
        let before = registry.snapshot().distribution(of: .delivery)
        registry.shared.update { $0.observe(900_000, in: .delivery, times: 3) }
        let since = registry.snapshot().distribution(of: .delivery).since(before)
        #expect(since.total == 3)
        #expect(try #require(since.quantile(0.5)) > 500_000)
        // A look that is older than what it is compared with has nothing.
        #expect(before.since(registry.snapshot().distribution(of: .delivery)).total == 0)
    }
}
