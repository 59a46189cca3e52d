import BelfryObserve
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// One request in, one answer out.
///
/// Reads heads only: no path but the server API takes a body.
struct SidePortResponder: HTTPResponder {
    typealias Context = SidePortContext

    let source: any SidePortSource
    /// `nil` where there is none, as in an echo server.
    let api: APIResponder?
    let alerts: AlertResponder?
    /// `nil` where there are none.
    let taps: TapResponder?
    /// `nil` where there is no journal.
    let events: EventResponder?
    /// `nil` where nothing can be done.
    let admin: AdminResponder?
    let hosts: HostAllowList
    let pages: PageGate
    let console = ConsoleDocument()
    let onAnswer: @Sendable (SidePortPath, SidePortCode) -> Void

    func respond(to request: Request, context: Context) async throws -> Response {
        let target = (request.head.path ?? "").split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = Self.path(target.first ?? "")
        let answer = await answer(
            to: request, path, target.first ?? "", query: target.count > 1 ? target[1] : "", context)
        onAnswer(path, SidePortCode(status: answer.status.code))
        return answer.response(to: request.method)
    }

    private static func path(_ text: Substring) -> SidePortPath {
        if let path = SidePortPath.allCases.first(where: { $0 != .other && $0.label == text }) { return path }
        if text.hasPrefix("/alerts/") { return .alerts }
        if text.hasPrefix(AdminResponder.prefix) { return .admin }
        if text.hasPrefix(alertmanagerPrefix) { return .alertmanager }
        return text.hasPrefix(apiPrefix) ? .api : .other
    }

    private static let alertmanagerPrefix = "/api/v2/"

    private static let apiPrefix = "/api/"

    /// Whether the body of a request is anything to us.
    static func takesBody(_ head: HTTPRequest) -> Bool {
        head.method == .post && head.path?.hasPrefix(apiPrefix) == true
            && head.path?.hasPrefix(alertmanagerPrefix) == false
    }

    private func answer(
        to request: Request, _ path: SidePortPath, _ text: Substring, query: Substring,
        _ context: Context
    ) async -> Answer {
        guard let authority = request.head.authority, !authority.isEmpty else {
            return .text(.badRequest, "no Host")
        }
        guard hosts.allows(authority) else { return .text(.misdirectedRequest, "this Host is not ours") }
        guard Self.served.contains(path) else { return .text(.notFound, "not found") }
        if path == .api {
            guard let api else { return .text(.notFound, "not found") }
            let name = text.dropFirst(Self.apiPrefix.count)
            return await api.answer(to: request, methodName: name, peer: context.peer)
        }
        if path == .tap {
            return taps?.answer(to: request, query: query, context) ?? .text(.notFound, "not found")
        }
        if path == .eventStream {
            return events?.answer(to: request, query: query, context) ?? .text(.notFound, "not found")
        }
        if path == .admin {
            return admin?.answer(to: request, text, context) ?? .text(.notFound, "not found")
        }
        guard request.method == .get || request.method == .head else { return .wrongMethod }
        switch path {
        case .metrics: return await metrics(request.headers, query)
        case .healthz, .livez: return health(isVerbose: Self.isVerbose(query))
        case .readyz: return readiness(isVerbose: Self.isVerbose(query))
        case .connections: return await connections(query)
        case .alerts, .alertStream, .alertmanager:
            return alerts?.answer(to: request, text, query: query) ?? .text(.notFound, "not found")
        case .status: return status()
        case .statusStream: return .events(of: source.statusFeed, after: Self.lastEventID(of: request))
        case .top: return await top()
        case .detectors: return .json(.ok, source.detectors())
        default: return console.page(source.status())
        }
    }

    /// The paths that exist so far; the rest of the label set is for what comes.
    private static let served: Set<SidePortPath> = [
        .index, .metrics, .healthz, .livez, .readyz, .connections, .api, .alerts, .alertStream,
        .alertmanager, .status, .statusStream, .top, .detectors, .tap, .eventStream, .admin,
    ]

    private static func isVerbose(_ query: Substring) -> Bool {
        query.split(separator: "&").contains { $0 == "verbose" || $0.hasPrefix("verbose=") }
    }

    private func health(isVerbose: Bool) -> Answer {
        let report = source.health()
        let lines = isVerbose ? report.lines : []
        return report.isHealthy
            ? .lines(.ok, lines + ["ok"])
            : .lines(.serviceUnavailable, lines + ["an event loop stands still"])
    }

    private func readiness(isVerbose: Bool) -> Answer {
        let report = source.readiness()
        let lines = isVerbose ? report.lines : []
        guard !report.isReady else { return .lines(.ok, lines + ["ready"]) }
        let reason = report.state == .serving ? "a check failed" : report.state.label
        return .lines(.serviceUnavailable, lines + ["not ready: \(reason)"])
    }

    private func connections(_ query: Substring) async -> Answer {
        do {
            let query = try ConnectionQuery(parsing: query)
            guard let page = await pages.pass({ await source.connections(query) }) else { return .busy }
            return .json(.ok, page)
        } catch {
            return .json(.badRequest, ["error": error.message])
        }
    }
}
