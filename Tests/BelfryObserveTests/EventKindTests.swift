import Foundation
import Testing

@testable import BelfryObserve

/// The table in code, the operator's table and the catalogue say the same.
@Suite struct EventKindTests {
    @Test func `there are 50 kinds, each with a name and an id of its own`() {
        #expect(EventKind.allCases.count == 50)
        #expect(Set(EventKind.allCases.map(\.name)).count == 50)
        #expect(Set(EventKind.allCases.map(\.messageID)).count == 50)
    }

    @Test(arguments: EventKind.allCases)
    func `a message id is 32 lower-case hex digits`(kind: EventKind) {
        #expect(kind.messageID.utf8.count == 32)
        #expect(kind.messageID.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    }

    @Test(arguments: EventKind.allCases)
    func `nothing is more urgent than err, which would force an fsync`(kind: EventKind) {
        #expect(kind.priority >= .error)
    }

    @Test(arguments: EventKind.allCases)
    func `audit events go to facility 10, the others to 3`(kind: EventKind) {
        #expect(kind.facility == (kind.isAudit ? 10 : 3))
    }

    @Test(arguments: EventKind.allCases)
    func `a message names only fields of its kind`(kind: EventKind) {
        let names = kind.definition.message.matches(of: /\{([^}]*)\}/).map { String($0.1) }
        let known = Set(kind.definition.fields.map(\.rawValue))
        #expect(names.allSatisfy(known.contains), "\(names)")
    }

    @Test(arguments: JournalField.allCases)
    func `journald accepts every field name`(field: JournalField) {
        let name = field.journalName
        #expect(name.utf8.count <= 64)
        #expect(name.wholeMatch(of: /BELFRY_[A-Z][A-Z0-9_]*/) != nil)
    }

    @Test func `every field belongs to an event`() {
        let used = Set(EventKind.allCases.flatMap(\.definition.fields)).union(JournalField.common)
        #expect(Set(JournalField.allCases) == used)
    }

    @Test func `no kind has a field twice`() {
        for kind in EventKind.allCases {
            let fields = kind.definition.fields
            #expect(Set(fields).count == fields.count, "\(kind.name)")
        }
    }

    @Test func `the operator's table is the table in code`() throws {
        let rows = try OperatorTable.rows()
        #expect(rows == EventKind.allCases.map(OperatorTable.row))
    }

    @Test func `the catalogue has one text for each kind, under its id`() throws {
        let entries = try Catalog.entries()
        #expect(entries.map(\.id) == EventKind.allCases.map(\.messageID))
        #expect(entries.map(\.comment) == EventKind.allCases.map(\.name))
    }

    @Test func `a catalogue text names only fields of its kind, and says what to do`() throws {
        for (kind, entry) in zip(EventKind.allCases, try Catalog.entries()) {
            let known = Set(kind.definition.fields.map(\.journalName))
            let named = entry.text.matches(of: /@([^@\s]*)@/).map { String($0.1) }
            #expect(named.allSatisfy(known.contains), "\(kind.name): \(named)")
            // systemd leaves a name with a digit as it stands.
            #expect(!named.contains { $0.contains(where: \.isNumber) }, "\(kind.name): \(named)")
            #expect(entry.text.contains("\nSubject: ") && entry.text.contains("\nDefined-By: Belfry\n"))
            let paragraphs = entry.text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
            #expect(paragraphs.count == 3, "\(kind.name): head, meaning, next step")
        }
    }
}

private enum OperatorTable {
    static func row(_ kind: EventKind) -> [String] {
        let definition = kind.definition
        var fields: [String] = []
        if definition.contexts.contains(.connection) { fields.append("c") }
        if definition.contexts.contains(.subject) { fields.append("s") }
        fields += definition.details.map(\.rawValue)
        return [
            kind.name, kind.isAudit ? "A" : "", String(kind.priority.rawValue), kind.messageID,
            kind.owasp?.rawValue ?? "", fields.joined(separator: ", "),
        ]
    }

    static func rows() throws -> [[String]] {
        try Operations.text("journal-events.md").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 8, cells[1].contains(".") else { return nil }
            return Array(cells[1...6])
        }
    }
}

private enum Catalog {
    struct Entry {
        let comment: String
        let id: String
        let text: String
    }

    static func entries() throws -> [Entry] {
        let text = try Operations.text("journald/belfry.catalog")
        return text.matches(of: /(?m)^# (\S+)\n-- (\S+)\n/).map { match in
            let body = text[text.index(before: match.range.upperBound)...]
            let end = body.firstRange(of: "\n\n#")?.lowerBound ?? body.endIndex
            return Entry(comment: String(match.1), id: String(match.2), text: String(body[..<end]))
        }
    }
}

private enum Operations {
    /// A file under `ops/`; a missing one fails the test.
    static func text(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "ops").appending(path: path), encoding: .utf8)
    }
}
