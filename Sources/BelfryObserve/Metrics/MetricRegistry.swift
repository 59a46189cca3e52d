import Synchronization

/// All metrics of the process.
///
/// Each event loop asks for a shard of its own and writes it without a thought for others; a scrape adds the
/// shards up. So counting costs the data plane one plain addition, and scraping costs it nothing.
///
/// A page is not one instant's picture: while loops go on, two counters read a microsecond apart may differ
/// by what happened between. At rest the laws hold exactly: accepts = rejects + open + closed, and
/// recipients = delivered + dropped + queued.
public final class MetricRegistry: Sendable {
    /// Certificates that get a series; a relay has an RSA and an ECDSA leaf, twice over during a change of
    /// names.
    public static let certificateLimit = 4

    private let layout: MetricLayout
    private let templates: [ExpositionFormat: ExpositionTemplate]
    private let certificateNames: [String]
    private let shards: Mutex<[MetricShard]>
    /// For whoever is no loop, and for what is known once per process.
    public let shared: SharedShard
    private let lifecycle = Atomic<UInt8>(ServiceState.starting.rawValue)
    private let lastNanoseconds = Atomic<UInt64>(0)
    private let lastByteCount = Atomic<UInt64>(0)

    /// Lays out every series.
    ///
    /// - Parameters:
    ///   - build: the labels of the info metric.
    ///   - certificateNames: the first four names get an expiry series; order and number stay for the
    ///     process.
    ///   - eventNames: the values of the label `event`, in the order of ``Counter/loggedEvents(at:)``; at
    ///     most 71.
    public init(build: BuildInfo, certificateNames: [String], eventNames: [String]) {
        self.certificateNames = Array(certificateNames.uniqued.prefix(Self.certificateLimit))
        let layout = MetricLayout(
            build: build, certificateNames: self.certificateNames,
            eventNames: Array(eventNames.uniqued.prefix(MetricFamily.cellsPerFamily - 1)))
        self.layout = layout
        templates = Dictionary(
            uniqueKeysWithValues: ExpositionFormat.allCases.map { ($0, ExpositionTemplate(layout, $0)) })
        let first = MetricShard()
        shared = SharedShard(first)
        shards = Mutex([first])
    }

    /// A shard for one thread.
    ///
    /// It stays for the life of the registry: what it has counted stays counted.
    public func makeShard() -> MetricShard {
        let shard = MetricShard()
        shards.withLock { $0.append(shard) }
        return shard
    }

    public var state: ServiceState {
        get { ServiceState(rawValue: lifecycle.load(ordering: .relaxed)) ?? .starting }
        set { lifecycle.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Notes when a certificate expires.
    ///
    /// - Parameters:
    ///   - name: as given to the initialiser.
    ///   - notAfter: nanoseconds since 1970.
    /// - Returns: `false` for a name that was not known at start, or stood behind the fourth.
    @discardableResult
    public func setCertificateExpiry(_ name: String, notAfter: Int64) -> Bool {
        guard let place = certificateNames.firstIndex(of: name) else { return false }
        shared.set(Gauge(.tlsCertificateExpiry, place), to: notAfter)
        return true
    }

    public func snapshot() -> MetricSnapshot { MetricSnapshot(cells: collect(), layout: layout) }

    /// The whole page, for any number of scrapers at once.
    public func render(_ format: ExpositionFormat) -> [UInt8] {
        let start = ContinuousClock.now
        let page = templates[format]?.render(collect()) ?? []
        lastNanoseconds.store(UInt64(clamping: (ContinuousClock.now - start).nanoseconds), ordering: .relaxed)
        lastByteCount.store(UInt64(page.count), ordering: .relaxed)
        return page
    }

    /// All shards in one, and what no shard knows.
    private func collect() -> [UInt64] {
        var all = Array(repeating: UInt64(0), count: MetricFamily.cellCount)
        for shard in shards.withLock({ $0 }) { Self.merge(shard, into: &all) }
        addOwn(to: &all)
        return all
    }

    /// The cells of families that take the largest shard, not the sum.
    private static let largest = Set(
        MetricFamily.allCases.filter { $0.definition.kind == .gauge(.max) }.flatMap { $0.cells })

    private static func merge(_ shard: MetricShard, into all: inout [UInt64]) {
        for index in all.indices {
            let cell = shard.value(at: index)
            guard cell != 0 else { continue }
            if largest.contains(index) {
                all[index] = UInt64(bitPattern: max(Int64(bitPattern: all[index]), Int64(bitPattern: cell)))
            } else {
                all[index] &+= cell
            }
        }
    }

    private func addOwn(to cells: inout [UInt64]) {
        let process = ProcessSample.read()
        cells[MetricFamily.build.base] = 1
        cells[MetricFamily.state.base + Int(state.rawValue)] = 1
        cells[MetricFamily.processStartTime.base] = process.startNanoseconds
        cells[MetricFamily.processCPU.base] = process.cpuNanoseconds
        cells[MetricFamily.processResidentMemory.base] = process.residentBytes
        cells[MetricFamily.processVirtualMemory.base] = process.virtualBytes
        cells[MetricFamily.processOpenDescriptors.base] = process.openDescriptors
        cells[MetricFamily.processMaxDescriptors.base] = process.maxDescriptors
        cells[MetricFamily.processThreads.base] = process.threads
        cells[MetricFamily.expositionDuration.base] = lastNanoseconds.load(ordering: .relaxed)
        cells[MetricFamily.expositionBytes.base] = lastByteCount.load(ordering: .relaxed)
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        components.seconds &* 1_000_000_000 &+ components.attoseconds / 1_000_000_000
    }
}

extension [String] {
    /// A series must not stand twice on a page.
    fileprivate var uniqued: [String] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}
