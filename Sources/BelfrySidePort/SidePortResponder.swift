import BelfryObserve
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// One request in, one answer out.
///
/// Reads heads only: no path takes a body.
struct SidePortResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let source: any SidePortSource
    let hosts: HostAllowList
    let pages: PageGate
    let onAnswer: @Sendable (SidePortPath, SidePortCode) -> Void

    func respond(to request: Request, context: Context) async throws -> Response {
        let target = (request.head.path ?? "").split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = Self.path(target.first ?? "")
        let answer = await answer(to: request, path, query: target.count > 1 ? target[1] : "")
        onAnswer(path, SidePortCode(status: answer.status.code))
        return answer.response(to: request.method)
    }

    private static func path(_ text: Substring) -> SidePortPath {
        SidePortPath.allCases.first { $0 != .other && $0.label == text } ?? .other
    }

    private func answer(to request: Request, _ path: SidePortPath, query: Substring) async -> Answer {
        guard let authority = request.head.authority, !authority.isEmpty else {
            return .text(.badRequest, "no Host")
        }
        guard hosts.allows(authority) else { return .text(.misdirectedRequest, "this Host is not ours") }
        guard Self.served.contains(path) else { return .text(.notFound, "not found") }
        guard request.method == .get || request.method == .head else { return .wrongMethod }
        switch path {
        case .metrics: return await metrics(accept: request.headers[values: .accept].joined(separator: ","))
        case .healthz: return health(isVerbose: Self.isVerbose(query))
        case .readyz: return readiness(isVerbose: Self.isVerbose(query))
        case .connections: return await connections(query)
        default: return .index
        }
    }

    /// The paths that exist so far; the rest of the label set is for what comes.
    private static let served: Set<SidePortPath> = [.index, .metrics, .healthz, .readyz, .connections]

    private static func isVerbose(_ query: Substring) -> Bool {
        query.split(separator: "&").contains { $0 == "verbose" || $0.hasPrefix("verbose=") }
    }

    private func metrics(accept: String) async -> Answer {
        let format = ExpositionFormat(accept: accept)
        guard let page = await pages.pass({ await source.metrics(format) }) else { return .busy }
        return Answer(.ok, format.contentType, page, varies: true)
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
