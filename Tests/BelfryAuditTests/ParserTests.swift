import BelfryJournal
import Testing

@testable import BelfryAudit

@Suite struct ParserTests {
    private func parse(_ bytes: [UInt8], pieces: Int) throws -> [[String: [String]]] {
        var parser = EntryParser()
        var found: [[String: [String]]] = []
        func drain() throws {
            while try parser.next() {
                var fields: [String: [String]] = [:]
                let entry = parser.entry
                for field in entry.fields {
                    let name = String(decoding: entry.bytes[field.name], as: UTF8.self)
                    fields[name, default: []].append(
                        String(decoding: entry.bytes[field.value], as: UTF8.self))
                }
                found.append(fields)
            }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            parser.append(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            try drain()
        }
        parser.end()
        try drain()
        return found
    }

    @Test(arguments: [1, 2, 7, 10_000])
    func `JSON lines are read in pieces of any size`(pieces: Int) throws {
        let text = #"""
            {"A":"x","B":"a\"b\\c\nA\ud83d\udd14","C":null,"D":[104,105],"E":["p","q"],"F":[]}
            {"A" : "y" , "B":"é"}

            {}
            """#
        let entries = try parse(Array(text.utf8), pieces: pieces)
        #expect(
            entries == [
                [
                    "A": ["x"], "B": ["a\"b\\c\nA\u{1F514}"], "C": [""], "D": ["hi"], "E": ["p", "q"],
                    "F": [""],
                ],
                ["A": ["y"], "B": ["é"]], [:],
            ])
    }

    @Test(arguments: [1, 3, 10_000])
    func `the export format is read, with its binary values`(pieces: Int) throws {
        var bytes = Array("A=x\nB=1=2\nC\n".utf8)
        bytes += [3, 0, 0, 0, 0, 0, 0, 0] + Array("a\n\n".utf8) + [0x0A, 0x0A]
        bytes += Array("A=y\n\n\nA=z\n".utf8)
        let entries = try parse(bytes, pieces: pieces)
        #expect(entries == [["A": ["x"], "B": ["1=2"], "C": ["a\n\n"]], ["A": ["y"]], ["A": ["z"]]])
    }

    @Test(arguments: [
        "{", "{\"A\"}", "{\"A\":\"x\"", "{\"A\":\"x\"} x", "{\"A\":\"\\q\"}", "{\"A\":[300]}",
        "{\"A\":\"\\ud800\"}",
        "{\"A\":\"x\",}", "A", "A=x\nB\n\u{1}\0\0\0\0\0\0\0", "A=x\nB",
    ])
    func `what is no entry is an error and not an empty journal`(text: String) {
        #expect(throws: ReadingError.notAnEntry(position: 1)) { try parse(Array(text.utf8), pieces: 100) }
    }
}
