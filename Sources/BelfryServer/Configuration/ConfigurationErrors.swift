/// Everything that is wrong with a configuration, up to 20 errors.
package struct ConfigurationErrors: Error, Equatable, Sendable, CustomStringConvertible {
    /// A screenful: who made more than that many mistakes starts at the top anyway.
    static let limit = 20

    /// In the order of the file, then the environment.
    package private(set) var errors: [ConfigurationError] = []
    /// Errors beyond the limit.
    package private(set) var omitted = 0

    init() {}

    init(_ error: ConfigurationError) { errors = [error] }

    mutating func append(_ error: ConfigurationError) {
        guard errors.count < Self.limit else { return omitted += 1 }
        errors.append(error)
    }

    mutating func sort() { errors.sort { $0.location < $1.location } }

    var isEmpty: Bool { errors.isEmpty }

    /// One line an error: `file:line:column: key: problem (did you mean "x"?)`.
    package var description: String {
        let lines = errors.map(\.description) + (omitted > 0 ? ["and \(omitted) more"] : [])
        return lines.joined(separator: "\n")
    }
}

/// One mistake: where it stands, which key it concerns, and what is wrong.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    package let location: ConfigurationLocation
    /// Full dotted path, such as `tls.certificate`; empty when the file as a whole is wrong.
    package let key: String
    package let problem: ConfigurationProblem

    package var description: String {
        key.isEmpty ? "\(location): \(problem)" : "\(location): \(key): \(problem)"
    }
}

/// What can be wrong.
///
/// No case carries a secret: only values of harmless formats are quoted.
package enum ConfigurationProblem: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownKey(suggestion: String?)
    case unknownVariable(suggestion: String?)
    case duplicateKey
    case expected(String, found: String)
    /// Known to Belfry, but not in this release.
    case unavailable(String)
    /// An option of Centrifugo that Belfry does without, and what to use.
    case notTaken(String)
    case missing(String)
    /// Right by itself, wrong together with another key.
    case contradiction(String)
    case file(path: String, FileProblem)
    case syntax(String)
    case aliases
    case tooLarge(String)

    package var description: String {
        switch self {
        case .unknownKey(let suggestion): "unknown key" + Self.hint(suggestion)
        case .unknownVariable(let suggestion): "unknown variable" + Self.hint(suggestion)
        case .duplicateKey: "duplicate key: it stands twice in the same section"
        case .expected(let expected, let found): "expected \(expected), found \(found)"
        case .unavailable(let what): "\(what) is not available yet in this release"
        case .notTaken(let reason): "Belfry does not have this option: \(reason)"
        case .missing(let what): "missing: \(what)"
        case .contradiction(let text): text
        case .file(let path, let problem): "\(path): \(problem.rawValue)"
        case .syntax(let text): "not valid YAML: \(text)"
        case .aliases: "anchors, aliases and tags are not supported"
        case .tooLarge(let limit): "too large: \(limit)"
        }
    }

    private static func hint(_ suggestion: String?) -> String {
        suggestion.map { " (did you mean \"\($0)\"?)" } ?? ""
    }
}

/// Why a file that the configuration names cannot be used.
package enum FileProblem: String, Error, Equatable, Sendable {
    case absent = "no such file"
    case notRegular = "not a regular file"
    case unreadable = "cannot be read"
    case empty = "is empty"
    case tooLarge = "is too large"
    case notText = "is not UTF-8 text"
}

/// Where a setting was made.
package enum ConfigurationLocation: Hashable, Sendable, CustomStringConvertible {
    /// Line and column count from 1; the column counts Unicode scalars.
    case file(path: String, line: Int, column: Int)
    case environment(variable: String)

    package var description: String {
        switch self {
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let variable): "environment:\(variable)"
        }
    }
}

extension ConfigurationLocation: Comparable {
    package static func < (left: ConfigurationLocation, right: ConfigurationLocation) -> Bool {
        switch (left, right) {
        case (.file(_, let leftLine, let leftColumn), .file(_, let rightLine, let rightColumn)):
            (leftLine, leftColumn) < (rightLine, rightColumn)
        case (.file, .environment): true
        case (.environment, .file): false
        case (.environment(let left), .environment(let right)): left < right
        }
    }
}
