import Foundation
import HTTPTypes
import Hummingbird

/// `/alerts`, one of them, their stream, and Alertmanager's view of them.
struct AlertResponder: Sendable {
    let source: any AlertSource

    private struct List: Encodable { let alerts: [AlertRecord] }

    private enum State: String { case firing, resolved, all }

    /// Answers a request for `path`, which has no query any more.
    func answer(to request: Request, _ path: Substring, query: Substring) -> Answer {
        switch path {
        case "/alerts": list(query)
        case "/alerts/stream":
            Answer.events(of: source.feed, after: SidePortResponder.lastEventID(of: request))
        case "/api/v2/alerts": alertmanagerList(query)
        case "/api/v2/status": .json(.ok, AlertmanagerStatus(source))
        default: one(path)
        }
    }

    private func list(_ query: Substring) -> Answer {
        guard let pairs = Self.pairs(query), pairs.count <= 1,
            pairs.allSatisfy({ $0.name == "state" }),
            let state = State(rawValue: pairs.first?.value ?? "firing")
        else { return .json(.badRequest, ["error": "state is firing, resolved or all"]) }
        let found = source.alerts().filter { record in
            switch state {
            case .firing: record.isFiring
            case .resolved: !record.isFiring
            case .all: true
            }
        }
        return .json(.ok, List(alerts: found.inOrder))
    }

    private func one(_ path: Substring) -> Answer {
        let fingerprint = path.dropFirst("/alerts/".count)
        guard path.hasPrefix("/alerts/"), fingerprint.utf8.count == 16 else {
            return .text(.notFound, "not found")
        }
        let found = source.alerts().filter { $0.fingerprint == fingerprint }
        guard let record = found.first(where: \.isFiring) ?? found.max(by: { $0.fired < $1.fired }) else {
            return .json(.notFound, ["error": "no alert with this fingerprint fires or has ended lately"])
        }
        return .json(.ok, record)
    }

    /// Silences and inhibitions are Alertmanager's business: here every alert is active.
    private func alertmanagerList(_ query: Substring) -> Answer {
        guard let pairs = Self.pairs(query) else { return .json(.badRequest, "not percent-encoded") }
        do throws(AlertMatcher.Fault) {
            var matchers: [AlertMatcher] = []
            for pair in pairs.filter({ $0.name == "filter" }).prefix(32) {
                matchers.append(try AlertMatcher(parsing: pair.value, pattern: source.pattern))
            }
            let wantsActive = !pairs.contains { $0.name == "active" && $0.value == "false" }
            let found = source.alerts().filter { record in
                wantsActive && record.isFiring && !record.isShadow
                    && matchers.allSatisfy { $0.accepts(record.labels) }
            }
            return .json(.ok, found.inOrder.map(GettableAlert.init))
        } catch {
            return .json(.badRequest, error.message)
        }
    }

    /// `nil` when a value is not percent-encoded UTF-8.
    private static func pairs(_ query: Substring) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for pair in query.split(separator: "&").prefix(64) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // In a query "+" stands for a space (URL Living Standard, 5.1).
            let raw = (parts.count == 2 ? parts[1] : "").replacing("+", with: " ")
            guard let value = raw.removingPercentEncoding else { return nil }
            pairs.append((String(parts[0]), value))
        }
        return pairs
    }
}

extension [AlertRecord] {
    /// What fires before what has ended, then the worst, then the newest.
    var inOrder: [AlertRecord] {
        sorted { left, right in
            if left.isFiring != right.isFiring { return left.isFiring }
            if left.severity != right.severity { return left.severity < right.severity }
            if left.fired != right.fired { return left.fired > right.fired }
            return left.fingerprint < right.fingerprint
        }
    }
}
