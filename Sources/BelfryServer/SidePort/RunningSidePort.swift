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
    static func start(_ relay: Relay) throws(StartFailure) -> RunningSidePort {
        let listen = relay.configuration.sidePort.listen
        let shared = relay.registry.shared
        let sidePort = SidePort(
            configuration: SidePortConfiguration(host: listen.ip.description, port: Int(listen.port)),
            source: RelaySource(relay: relay), logger: quietLogger
        ) { path, code in
            shared.count(.sideportRequests(path, code))
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
