import Foundation

/// Why a journal could not be read.
package enum ReadingError: Error, Equatable, CustomStringConvertible {
    case file(String)
    case journalctl(String)
    /// - `position`: The number of the entry, from 1.
    case notAnEntry(position: Int)
    case tooLong(position: Int)

    package var description: String {
        switch self {
        case .file(let path): "\(path) cannot be read"
        case .journalctl(let problem): "journalctl: \(problem)"
        case .notAnEntry(let position):
            "entry \(position) is neither a line of journalctl -o json nor an entry of journalctl -o export"
        case .tooLong(let position): "entry \(position) is longer than \(EntryParser.entryBytesMax) bytes"
        }
    }
}

/// Where entries come from: journalctl, a file, or standard input; in pieces, so that any length takes the same memory.
package enum EntrySource: Sendable, Equatable {
    /// - `since`, `until`: As journalctl takes them.
    case journal(since: String?, until: String?)
    /// What `journalctl -o json` or `-o export` wrote; `-` is standard input.
    case file(String)

    private static let pieceBytes = 1 << 20

    /// Calls `body` with each entry in turn, oldest first.
    package func forEach(_ body: (AuditEntry) -> Void) throws(ReadingError) {
        switch self {
        case .file("-"): try Self.read(FileHandle.standardInput, body)
        case .file(let path):
            guard let file = FileHandle(forReadingAtPath: path) else { throw .file(path) }
            try Self.read(file, body)
        case .journal(let since, let until): try Self.readJournal(since, until, body)
        }
    }

    private static func readJournal(
        _ since: String?, _ until: String?, _ body: (AuditEntry) -> Void
    ) throws(ReadingError) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // All namespaces, since LogNamespace= moves a unit's entries out of the default one.
        process.arguments = [
            "journalctl", "-o", "export", "--no-pager", "--quiet", "--namespace=*",
            "SYSLOG_IDENTIFIER=belfry",
        ]
        if let since { process.arguments?.append("--since=\(since)") }
        if let until { process.arguments?.append("--until=\(until)") }
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw .journalctl("\(error)")
        }
        let result = Result { () throws(ReadingError) in try read(output.fileHandleForReading, body) }
        if case .failure = result { process.terminate() }
        process.waitUntilExit()
        try result.get()
        guard process.terminationStatus == 0 else {
            throw .journalctl("it ended with \(process.terminationStatus)")
        }
    }

    private static func read(
        _ file: FileHandle, _ body: (AuditEntry) -> Void
    ) throws(ReadingError) {
        var parser = EntryParser()
        while let piece = try? file.read(upToCount: pieceBytes), !piece.isEmpty {
            parser.append(piece)
            while try parser.next() { body(parser.entry) }
        }
        parser.end()
        while try parser.next() { body(parser.entry) }
    }
}
