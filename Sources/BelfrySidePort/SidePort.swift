package import BelfryObserve
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The operators' listener: metrics, health, connections.
///
/// It has one NIO thread of its own and the runtime's task threads; no event loop of the data plane ever
/// waits for it. What it asks of the data plane goes through ``SidePortSource``. Answers are given in any
/// state of the relay, so run it first and stop it last.
///
/// Answers are counted by `onAnswer`. Its caller may be any task thread, several at once; give it a
/// ``BelfryObserve/SharedShard``, not a loop's shard.
package final class SidePort: Service {
    private let configuration: SidePortConfiguration
    private let responder: SidePortResponder
    private let callers: APIConnections
    private let logger: Logger
    private let binding = Binding()

    package init(
        configuration: SidePortConfiguration, source: any SidePortSource, api: (any APIService)? = nil,
        alerts: (any AlertSource)? = nil, taps: (any TapService)? = nil,
        events: (any EventService)? = nil, admin: (any AdminService)? = nil, logger: Logger,
        onAnswer: @escaping @Sendable (SidePortPath, SidePortCode) -> Void = { _, _ in }
    ) {
        self.configuration = configuration
        self.logger = logger
        callers = APIConnections(limit: configuration.limits.callers) { onAnswer(.api, .unavailable) }
        responder = SidePortResponder(
            source: source,
            api: api.map { APIResponder(service: $0, bodyBytesMax: configuration.limits.bodyByteCount) },
            alerts: alerts.map(AlertResponder.init), taps: taps.map(TapResponder.init(service:)),
            events: events.map(EventResponder.init(service:)),
            admin: admin.map(AdminResponder.init(service:)),
            hosts: HostAllowList(configuration),
            pages: PageGate(limit: configuration.limits.concurrentPages), onAnswer: onAnswer)
    }

    /// The port we listen on, once we do; throws what made ``run()`` fail before.
    package func port() async throws -> Int { try await binding.value() }

    /// Serves until the task is cancelled or a graceful shutdown is asked for.
    ///
    /// Call it once.
    ///
    /// - Throws: ``SidePortError`` when the address cannot be had.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            try await serve(on: group)
            binding.fail(SidePortError.stopped)
        } catch {
            let named = SidePortError(error, configuration)
            binding.fail(named)
            try await group.shutdownGracefully()
            throw named
        }
        try await group.shutdownGracefully()
    }

    private func serve(on group: MultiThreadedEventLoopGroup) async throws {
        guard let socket = configuration.socket else { return try await application(on: group).run() }
        let limits = configuration.limits
        let server = InheritedServer(
            socket: socket, connectionsMax: limits.connections + limits.callers,
            channel: channelConfiguration,
            responder: responder, group: group, logger: logger)
        try await server.run { [binding] in binding.succeed($0) }
    }

    private var channelConfiguration: HTTP1Channel.Configuration {
        let (limits, callers) = (configuration.limits, callers)
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionDeadlines(limits, callers)],
            idleTimeout: TimeAmount(limits.idleTime),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headByteCount, maxHeaderListSize: limits.headByteCount,
                maxHeaderFieldCount: limits.headerCount))
    }

    private func application(on group: MultiThreadedEventLoopGroup) -> Application<SidePortResponder> {
        let limits = configuration.limits
        return Application(
            responder: responder, server: .http1(configuration: channelConfiguration),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                backlog: limits.connections + limits.callers,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.connections + limits.callers, logger: logger)),
            onServerRunning: { [binding] in binding.succeed($0.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(group), logger: logger)
    }
}

/// Why there is no side port.
package enum SidePortError: Error, Equatable, CustomStringConvertible {
    /// Somebody else listens there.
    case addressInUse(String)
    case cannotListen(String, reason: String)
    /// Stopped, before or after it listened.
    case stopped

    package var description: String {
        switch self {
        case .addressInUse(let address): "side_port.listen: \(address) is in use by another process"
        case .cannotListen(let address, let reason):
            "side_port.listen: cannot listen on \(address): \(reason)"
        case .stopped: "the side port has stopped"
        }
    }

    init(_ error: any Error, _ configuration: SidePortConfiguration) {
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let address = "\(host):\(configuration.port)"
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            self = .addressInUse(address)
        } else {
            self = .cannotListen(address, reason: "\(error)")
        }
    }
}
