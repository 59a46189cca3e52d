import BelfryObserve
import Foundation

extension PermissionReport {
    /// For people: the answer first, then what it rests on.
    var text: String {
        ([headline] + paragraphs.filter { !$0.isEmpty }.map { "\n\n" + $0 }).joined() + "\n"
    }

    /// For programs: one line of JSON.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings, numbers and truths: there is nothing in it that can fail.
        guard let data = try? encoder.encode(self) else { return "{}\n" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private var headline: String {
        let who = user.isEmpty ? "the anonymous user" : SafeText.string(user)
        let answer = isAllowed ? "allowed" : "denied"
        let code = error.map { " (\($0.code) \($0.message))" } ?? ""
        return "\(action) in \(SafeText.string(channel)) by \(who): \(answer)\(code)"
    }

    private var paragraphs: [String] {
        let effects = rules.enumerated().map { number, rule in
            ("\(number + 1) \(rule.rule)", "\(rule.effect == "silent" ? "-" : rule.effect)  \(rule.reason)")
        }
        return [
            remarks.map { "  " + $0 }.joined(separator: "\n"),
            Self.table("Rules, in their order; the first that allows or refuses decides:", effects),
            Self.table("What they read:", options.map { ($0.key, $0.value) }),
            Self.table(
                "Limits, which may refuse with 111 what is allowed:", limits.map { ($0.key, $0.value) }),
        ]
    }

    private static func table(_ title: String, _ rows: [(String, String)]) -> String {
        guard let width = rows.map(\.0.count).max() else { return "" }
        let lines = rows.map { name, value in
            "  " + name + String(repeating: " ", count: width - name.count + 2) + value
        }
        return ([title] + lines).joined(separator: "\n")
    }
}
