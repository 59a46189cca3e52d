/// One of Alertmanager's matchers: `name="text"`, `!=`, `=~`, `!~`; quotes may be left out.
struct AlertMatcher: Sendable {
    enum Fault: Error, Equatable {
        case noMatcher
        case badPattern

        var message: String {
            switch self {
            case .noMatcher: "filter is name=\"value\", with =, !=, =~ or !~"
            case .badPattern:
                "filter: the regular expression is too long, or has something that is not supported"
            }
        }
    }

    /// Characters of a matcher.
    static let lengthMax = 512

    private let name: String
    private let wantsMatch: Bool
    private let test: @Sendable (String) -> Bool

    /// Reads a matcher; `pattern` makes one for a whole text out of a regular expression.
    init(
        parsing text: String, pattern: (String) -> (@Sendable (String) -> Bool)?
    ) throws(Fault) {
        guard text.utf8.count <= Self.lengthMax, let (name, mark, rest) = Self.split(text),
            let value = Self.unquoted(rest)
        else { throw .noMatcher }
        self.name = name
        wantsMatch = mark == "=" || mark == "=~"
        guard mark.hasSuffix("~") else {
            test = { $0 == value }
            return
        }
        guard let matches = pattern(value) else { throw .badPattern }
        test = matches
    }

    /// A label that is not there counts as empty, as in Alertmanager.
    func accepts(_ labels: [String: String]) -> Bool { test(labels[name] ?? "") == wantsMatch }

    private static func split(_ text: String) -> (name: String, mark: String, rest: Substring)? {
        let text = text.trimmingSpaces
        let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard let first = name.first, !first.isNumber else { return nil }
        let rest = text[name.endIndex...].trimmingSpaces
        guard let mark = ["=~", "!~", "!=", "="].first(where: { rest.hasPrefix($0) }) else { return nil }
        return (String(name), mark, rest.dropFirst(mark.count).trimmingSpaces)
    }

    private static func unquoted(_ text: Substring) -> String? {
        guard text.first == "\"" else { return text.contains("\"") ? nil : String(text) }
        var value = ""
        var isEscaped = false
        for (offset, character) in text.dropFirst().enumerated() {
            if isEscaped {
                value.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                return offset == text.count - 2 ? value : nil
            } else {
                value.append(character)
            }
        }
        return nil
    }
}

extension StringProtocol {
    fileprivate var trimmingSpaces: SubSequence {
        let start = firstIndex { $0 != " " } ?? endIndex
        let end = lastIndex { $0 != " " }.map(index(after:)) ?? endIndex
        return start < end ? self[start..<end] : self[endIndex...]
    }
}
