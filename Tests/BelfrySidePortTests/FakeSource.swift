import BelfryObserve
import Foundation
import Logging
import Synchronization

@testable import BelfrySidePort

/// A relay without a relay.
final class FakeSource: SidePortSource {
    struct State {
        var health = HealthReport(loops: [.init(name: "loop-0", sinceLastTick: .milliseconds(3))])
        var readiness = ReadinessReport(state: .serving, checks: [.init(name: "listener", isPassed: true)])
        var records: [ConnectionRecord] = []
        var lastQuery: ConnectionQuery?
    }

    let state = Mutex(State())
    /// Held by tests that want pages to take their time.
    let gate: (@Sendable () async -> Void)?

    init(gate: (@Sendable () async -> Void)? = nil) { self.gate = gate }

    func metrics(_ format: ExpositionFormat) async -> [UInt8] {
        await gate?()
        return Array("\(format)\n".utf8)
    }

    func health() -> HealthReport { state.withLock { $0.health } }
    func readiness() -> ReadinessReport { state.withLock { $0.readiness } }

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
    allowedHosts: [String] = [],
    onAnswer: @escaping @Sendable (SidePortPath, SidePortCode) -> Void = { _, _ in },
    _ body: @Sendable (RawClient) async throws -> Result
) async throws -> Result {
    var configuration = SidePortConfiguration(port: 0, allowedHosts: allowedHosts)
    configuration.limits = limits
    let sidePort = SidePort(
        configuration: configuration, source: source,
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
