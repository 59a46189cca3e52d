package import BelfryObserve
import Foundation

/// Which entries somebody wants to see.
package struct EntryFilter: Equatable, Sendable {
    /// Empty for all.
    package var kinds: Set<EventKind> = []
    /// The least urgent that is shown.
    package var priority = Priority.debug

    package init() {}

    func accepts(_ kind: EventKind, _ priority: Priority) -> Bool {
        priority <= self.priority && (kinds.isEmpty || kinds.contains(kind))
    }
}

extension EntryFilter {
    /// Why a query string was refused: says what is allowed, never what was sent.
    enum Fault: Error, Equatable {
        case unknownParameter
        case kind
        case priority
    }

    /// Reads what stands behind the question mark: `kind` any number of times, `priority` once.
    init(parsing text: Substring) throws(Fault) {
        self.init()
        var hasPriority = false
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1].removingPercentEncoding ?? "" : ""
            switch parts[0] {
            case "kind": kinds.formUnion(try Self.kinds(value))
            case "priority" where !hasPriority:
                guard let found = Self.priority(value) else { throw .priority }
                (priority, hasPriority) = (found, true)
            case "priority": throw .priority
            default: throw .unknownParameter
            }
        }
    }

    /// One kind, or with a star behind the point all of a family.
    private static func kinds(_ text: String) throws(Fault) -> [EventKind] {
        let found = EventKind.allCases.filter { kind in
            text.hasSuffix(".*") ? kind.name.hasPrefix(text.dropLast()) : kind.name == text
        }
        guard !found.isEmpty else { throw .kind }
        return found
    }

    /// By the names of syslog, or their numbers.
    private static func priority(_ text: String) -> Priority? {
        Priority.allCases.first { $0.name == text || "\($0.rawValue)" == text }
    }
}

extension EntryFilter.Fault {
    var message: String {
        switch self {
        case .unknownParameter: "unknown parameter; known are kind, priority"
        case .kind: "kind is an event of ops/journal-events.md, as auth.failure, or a family, as auth.*"
        case .priority:
            "priority is, once, one of " + Priority.allCases.map(\.name).joined(separator: ", ")
                + ", or 0 to 7"
        }
    }
}
