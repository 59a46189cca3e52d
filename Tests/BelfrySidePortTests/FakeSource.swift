import BelfryObserve
import Foundation
import Logging
import Synchronization
import Testing

@testable import BelfrySidePort

/// A relay without a relay.
final class FakeSource: SidePortSource {
    struct State {
        var health = HealthReport(loops: [.init(name: "loop-0", sinceLastTick: .milliseconds(3))])
        var readiness = ReadinessReport(state: .serving, checks: [.init(name: "listener", isPassed: true)])
        var records: [ConnectionRecord] = []
        var lastQuery: ConnectionQuery?
        var detectors = DetectorReport(isOn: true, tickSeconds: 10)
        var top = TopReport(tables: [])
    }

    let state = Mutex(State())
    let keeper = StatusKeeper(uid: "ab")
    /// Held by tests that want pages to take their time.
    let gate: (@Sendable () async -> Void)?

    init(gate: (@Sendable () async -> Void)? = nil) { self.gate = gate }

    func metrics(_ format: ExpositionFormat, only names: Set<String>?) async -> [UInt8] {
        await gate?()
        return Array("\(format)\n".utf8) + (names ?? []).sorted().flatMap { Array("\($0)\n".utf8) }
    }

    func health() -> HealthReport { state.withLock { $0.health } }
    func readiness() -> ReadinessReport { state.withLock { $0.readiness } }

    func detectors() -> DetectorReport { state.withLock { $0.detectors } }

    func status() -> StatusReport? { keeper.report }
    var statusFeed: EventFeed { keeper.feed }

    func top() async -> TopReport {
        await gate?()
        return state.withLock { $0.top }
    }

    func connections(_ query: ConnectionQuery) async -> ConnectionPage {
        state.withLock {
            $0.lastQuery = query
            return query.page(of: $0.records)
        }
    }
}

extension ConnectionRecord {
    static func sample(_ id: String, subject: String = "", address: String = "192.0.2.1") -> ConnectionRecord
    {
        let start = Date(timeIntervalSince1970: 1_700_000_000)
        return ConnectionRecord(
            id: id, stage: .active, subject: subject, address: address, port: 50_000, tlsVersion: "1.3",
            tlsCipher: "TLS_AES_128_GCM_SHA256", clientName: "js", started: start,
            lastActivity: start.addingTimeInterval(1.5), duration: .milliseconds(2250))
    }
}

/// Runs a side port on a free port for the time of `body`.
func withSidePort<Result: Sendable>(
    _ source: FakeSource = FakeSource(), limits: SidePortConfiguration.Limits = .init(),
    allowedHosts: [String] = [], api: (any APIService)? = nil, alerts: (any AlertSource)? = nil,
    taps: (any TapService)? = nil, events: (any EventService)? = nil,
    admin: (any AdminService)? = nil, socket: CInt? = nil,
    onAnswer: @escaping @Sendable (SidePortPath, SidePortCode) -> Void = { _, _ in },
    _ body: @Sendable (RawClient) async throws -> Result
) async throws -> Result {
    var configuration = SidePortConfiguration(port: 0, allowedHosts: allowedHosts)
    configuration.limits = limits
    configuration.socket = socket
    let sidePort = SidePort(
        configuration: configuration, source: source, api: api, alerts: alerts, taps: taps,
        events: events, admin: admin,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        onAnswer: onAnswer)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await sidePort.run() }
        let port = try await sidePort.port()
        let result = try await body(RawClient(port: port))
        group.cancelAll()
        return result
    }
}

/// Looks until it is so, without holding one of the few threads that tasks have.
func eventually(_ isSo: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while try !isSo() {
        guard ContinuousClock.now < deadline else {
            Issue.record("not within 20 s")
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
