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

    /// What a page says beside numbers.
    private struct Form {
        let certificateNames: [String]
        let layout: MetricLayout
        let templates: [ExpositionFormat: ExpositionTemplate]

        init(_ build: BuildInfo, _ certificateNames: [String], _ eventNames: [String]) {
            self.certificateNames = certificateNames
            let layout = MetricLayout(
                build: build, certificateNames: certificateNames, eventNames: eventNames)
            self.layout = layout
            templates = Dictionary(
                uniqueKeysWithValues: ExpositionFormat.allCases.map { ($0, ExpositionTemplate(layout, $0)) })
        }
    }

    private let build: BuildInfo
    private let eventNames: [String]
    /// Made anew when certificates with other names are loaded.
    private let form: Mutex<Form>
    private let shards: Mutex<[MetricShard]>
    /// Who stands behind the slow ends of histograms.
    public let exemplars = Exemplars()
    /// For whoever is no loop, and for what is known once per process.
    public let shared: SharedShard
    private let lifecycle = Atomic<UInt8>(ServiceState.starting.rawValue)
    private let lastNanoseconds = Atomic<UInt64>(0)
    private let lastByteCount = Atomic<UInt64>(0)

    /// Lays out every series.
    ///
    /// - Parameters:
    ///   - build: the labels of the info metric.
    ///   - certificateNames: the first four names get an expiry series, until ``setCertificates(_:)``.
    ///   - eventNames: the values of the label `event`, in the order of ``Counter/loggedEvents(at:)``; at
    ///     most 71.
    public init(build: BuildInfo, certificateNames: [String], eventNames: [String]) {
        self.build = build
        self.eventNames = Array(eventNames.uniqued.prefix(MetricFamily.cellsPerFamily - 1))
        form = Mutex(Form(build, Self.named(certificateNames), self.eventNames))
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

    /// Notes which certificates are loaded, and when they expire; series of others are gone.
    ///
    /// The first four names have a series; several certificates of one name have the end that comes first.
    ///
    /// - Parameter certificates: each with its end in nanoseconds since 1970.
    public func setCertificates(_ certificates: [(name: String, notAfter: Int64)]) {
        let names = Self.named(certificates.map(\.name))
        form.withLock { form in
            if form.certificateNames != names { form = Form(build, names, eventNames) }
            for place in 0..<Self.certificateLimit {
                let name = place < names.count ? names[place] : nil
                let ends = certificates.filter { $0.name == name }.map(\.notAfter)
                shared.set(Gauge(.tlsCertificateExpiry, place), to: ends.min() ?? 0)
            }
        }
    }

    private static func named(_ names: [String]) -> [String] {
        Array(names.uniqued.prefix(certificateLimit))
    }

    public func snapshot() -> MetricSnapshot {
        form.withLock { MetricSnapshot(cells: collect(), layout: $0.layout) }
    }

    /// Writes a page, for any number of scrapers at once.
    ///
    /// - Parameters:
    ///   - format: Which of the texts.
    ///   - names: Families that are shown, called as in OpenMetrics or by their sample's name; `nil` for all.
    /// - Returns: The page. Its size and time are told by the next one, if it is whole.
    public func render(_ format: ExpositionFormat, only names: Set<String>? = nil) -> [UInt8] {
        let start = ContinuousClock.now
        let exemplars = format == .openMetrics ? exemplars.all : [:]
        // Together: no number stands behind another certificate's name.
        let (template, cells) = form.withLock { ($0.templates[format], collect()) }
        let page = template?.render(cells, exemplars, only: names) ?? []
        guard names == nil else { return page }
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
        cells[Gauge.overloadPressure(.descriptors).index] = process.descriptorPressure
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
