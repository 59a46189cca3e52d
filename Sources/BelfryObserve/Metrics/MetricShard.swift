public import Synchronization

/// The counters of one thread.
///
/// Exactly one thread writes a shard at a time; any thread may read it. So an increment is a relaxed load
/// and a relaxed store: plain memory operations without a lock or a bus-locked instruction, yet no reader
/// ever sees a torn value, and no count is lost. Two writers at once *would* lose counts: whoever shares a
/// shard between threads goes through ``SharedShard``.
public final class MetricShard: Sendable {
    @usableFromInline let cells: InlineArray<9680, Atomic<UInt64>>
    /// The bounds of all bucket sets, beside the cells they belong to: no shared table, no reference
    /// counting.
    @usableFromInline let bounds: InlineArray<96, UInt64>

    init() {
        cells = InlineArray { _ in Atomic(0) }
        let table = Buckets.table
        bounds = InlineArray { table[$0] }
    }

    /// Adds `amount` to a counter; wraps after 2^64.
    @inlinable public func add(_ amount: UInt64, to counter: Counter) { raise(counter.index, by: amount) }

    /// Adds one to a counter.
    @inlinable public func count(_ counter: Counter) { raise(counter.index, by: 1) }

    /// Shows a count that is kept elsewhere and only grows.
    @inlinable public func mirror(_ value: UInt64, in counter: Counter) {
        cells[counter.index].store(value, ordering: .relaxed)
    }

    @inlinable public func set(_ gauge: Gauge, to value: Int64) {
        cells[gauge.index].store(UInt64(bitPattern: value), ordering: .relaxed)
    }

    /// Moves a gauge up or down.
    @inlinable public func adjust(_ gauge: Gauge, by delta: Int64) {
        raise(gauge.index, by: UInt64(bitPattern: delta))
    }

    /// Notes `times` observations of the same value, in the histogram's raw unit.
    @inlinable public func observe(_ value: UInt64, in histogram: Histogram, times: UInt64 = 1) {
        raise(histogram.index &+ bucket(of: value, from: histogram.bounds), by: times)
        raise(histogram.index &+ Buckets.width, by: value &* times)
    }

    /// The first bucket whose bound is not below `value`: a binary search over 16 bounds, always four steps.
    @inlinable func bucket(of value: UInt64, from first: Int) -> Int {
        var place = 0
        if value > bounds[first &+ place &+ 7] { place &+= 8 }
        if value > bounds[first &+ place &+ 3] { place &+= 4 }
        if value > bounds[first &+ place &+ 1] { place &+= 2 }
        if value > bounds[first &+ place] { place &+= 1 }
        return place
    }

    @inlinable func raise(_ index: Int, by amount: UInt64) {
        cells[index].store(cells[index].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// For readers on any thread; the writer goes on meanwhile.
    func value(at index: Int) -> UInt64 { cells[index].load(ordering: .relaxed) }
}

/// A shard for threads that come and go: token checkers, the side port, the journal writer.
///
/// The lock makes them one writer at a time, which is all a shard asks for. Never for a loop's own counting.
public final class SharedShard: Sendable {
    private let shard: Mutex<MetricShard>

    init(_ shard: MetricShard) { self.shard = Mutex(shard) }

    public func update(_ body: (MetricShard) -> Void) { shard.withLock { body($0) } }

    public func count(_ counter: Counter) { update { $0.count(counter) } }
    public func set(_ gauge: Gauge, to value: Int64) { update { $0.set(gauge, to: value) } }
}
