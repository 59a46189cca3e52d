import Foundation

/// The source tree, as the house rules see it.
struct House {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    struct Source {
        let module: String
        let path: String
        let lines: [String]
    }

    /// Every Swift file below `Sources`.
    static func sources() throws -> [Source] {
        let sources = root.appending(path: "Sources")
        let modules = try FileManager.default.contentsOfDirectory(atPath: sources.path())
        return try modules.sorted().flatMap { module in
            try swiftFiles(below: sources.appending(path: module)).map { file in
                let text = try String(contentsOf: file, encoding: .utf8)
                return Source(
                    module: module, path: file.path().replacing(root.path(), with: ""),
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
            }
        }
    }

    private static func swiftFiles(below directory: URL) throws -> [URL] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: directory.path())
        // Generated files follow their generator's rules.
        return paths.filter { $0.hasSuffix(".swift") && !$0.hasSuffix(".pb.swift") }.sorted().map {
            directory.appending(path: $0)
        }
    }
}

extension House.Source {
    /// The modules this file imports.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword <= 1, keyword + 1 < words.count else {
                return nil
            }
            guard keyword == 0 || ["package", "private", "internal", "@testable"].contains(words[0]) else {
                return nil
            }
            return String(words[keyword + 1].prefix { $0 != "." })
        }
    }

    /// Code without comments and string literals; good enough for rules about words.
    var codeLines: [(number: Int, text: String)] {
        lines.enumerated().compactMap { index, line in
            let trimmed = line.drop { $0 == " " }
            guard !trimmed.hasPrefix("//") else { return nil }
            let code = line.components(separatedBy: " // ").first ?? line
            return (index + 1, code.replacing(/"(?:[^"\\]|\\.)*"/, with: "\"\""))
        }
    }
}
