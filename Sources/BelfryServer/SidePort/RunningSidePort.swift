import BelfryObserve
import BelfryReactor
import BelfrySidePort
import Logging

/// The side port of a running relay.
struct RunningSidePort: Sendable {
    /// The port it listens on.
    let port: Int
    private let task: Task<Void, any Error>

    /// Starts it and waits until it listens.
    ///
    /// - Throws: ``StartFailure`` when the address is not to be had.
    static func start(_ relay: Relay, _ orders: OrderBox) throws(StartFailure) -> RunningSidePort {
        let socket = relay.sockets.side
        let listen = socket?.address ?? relay.configuration.sidePort.listen
        let shared = relay.registry.shared
        var configuration = SidePortConfiguration(host: listen.ip.description, port: Int(listen.port))
        do {
            configuration.socket = try socket?.duplicate().rawValue
        } catch {
            throw StartFailure(description: "side port: \(error)")
        }
        configuration.limits.bodyByteCount = relay.configuration.api.maxBody
        configuration.limits.callers = relay.configuration.api.connections
        let sidePort = SidePort(
            configuration: configuration, source: RelaySource(relay: relay), api: RelayAPI(relay: relay),
            alerts: relay.alertDesk, taps: RelayTaps(relay: relay),
            events: RelayEvents(relay: relay), admin: RelayAdmin(relay: relay, orders: orders),
            logger: quietLogger
        ) { path, code in
            shared.update { shard in
                shard.count(.sideportRequests(path))
                shard.count(.sideportAnswers(code))
            }
        }
        let task = Task { try await sidePort.run() }
        switch Blocking.result({ try await sidePort.port() }) {
        case .success(let port): return RunningSidePort(port: port, task: task)
        case .failure(let error): throw StartFailure(description: "\(error)")
        }
    }

    /// Ends it, answers in progress included.
    func stop() {
        task.cancel()
        _ = Blocking.result { try await task.value }
    }

    /// What Hummingbird has to say about single requests is in our metrics, its failure to start is thrown, and being
    /// cancelled is how it ends: none of it belongs on standard error between our entries.
    private static var quietLogger: Logger {
        var logger = Logger(label: "belfry.sideport")
        logger.logLevel = .critical
        return logger
    }
}
