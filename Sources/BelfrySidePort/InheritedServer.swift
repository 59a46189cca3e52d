import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Serves HTTP on a socket that somebody else opened.
///
/// Hummingbird's own server can only bind an address. This is its short version around the same HTTP channel: accept
/// up to a limit, a task for each connection, an answer for each request.
struct InheritedServer<Responder: HTTPResponder>: Sendable where Responder.Context == SidePortContext {
    /// Ours to close.
    let socket: CInt
    let connectionsMax: Int
    let channel: HTTP1Channel.Configuration
    let responder: Responder
    let group: MultiThreadedEventLoopGroup
    let logger: Logger

    /// Serves until the task is cancelled; tells its port once it accepts.
    func run(onRunning: (Int) -> Void) async throws {
        let logger = logger
        let http = HTTP1Channel(
            responder: { (request, writer: consuming ResponseWriter, channel) in
                let response = try await answer(to: request, on: channel)
                try await writer.write(response: response.head, body: response.body)
            }, configuration: channel)
        let server = try await bootstrap.bind(socket) { http.setup(channel: $0, logger: logger) }
        onRunning(server.channel.localAddress?.port ?? 0)
        try await withThrowingDiscardingTaskGroup { connections in
            try await server.executeThenClose { inbound in
                for try await connection in inbound {
                    connections.addTask { await http.handle(value: connection, logger: logger) }
                }
            }
        }
    }

    private var bootstrap: ServerBootstrap {
        let limit = connectionsMax
        return ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AvailableConnectionsChannelHandler(maxConnections: limit))
                }
            }
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
    }

    /// What is thrown ends the connection; a request that can not be read is answered first.
    private func answer(to request: Request, on channel: any Channel) async throws -> Response {
        let context = SidePortContext(source: .init(channel: channel, logger: logger))
        var response = try await responder.respond(to: request, context: context)
        response.headers[.date] = Date.now.httpText
        return response
    }
}

extension Date {
    /// As HTTP writes it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    var httpText: String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents(
            [.weekday, .day, .month, .year, .hour, .minute, .second], from: self)
        func digits(_ value: Int?, _ width: Int = 2) -> String {
            let text = String(value ?? 0)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let date = "\(digits(parts.day)) \(months[(parts.month ?? 1) - 1]) \(digits(parts.year, 4))"
        let time = [parts.hour, parts.minute, parts.second].map { digits($0) }.joined(separator: ":")
        return "\(days[(parts.weekday ?? 1) - 1]), \(date) \(time) GMT"
    }
}
