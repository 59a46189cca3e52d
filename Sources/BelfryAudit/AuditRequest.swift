import Foundation

/// `belfry audit verify` and `belfry audit export`: what the command line asks for.
package enum AuditExit {
    /// Nothing is wrong.
    package static let good: Int32 = 0
    /// At least one fault; with `--strict` also whatever is not proved.
    package static let faulty: Int32 = 1
    /// Nothing can be said: the journal, a file or a key is not to be had, or there is no entry.
    package static let unknown: Int32 = 2
}

/// `belfry audit verify`.
package struct VerifyRequest: Sendable {
    let source: EntrySource
    let keyFiles: [String]
    let isStrict: Bool

    package init(source: EntrySource, keyFiles: [String], isStrict: Bool) {
        self.source = source
        self.keyFiles = keyFiles
        self.isStrict = isStrict
    }

    /// Prints what was found.
    ///
    /// - Returns: The exit code.
    package func run() -> Int32 {
        do {
            let keys = try keyFiles.map { path throws(ReadingError) in try Self.key(path) }
            var verifier = AuditVerifier(keys: keys)
            try source.forEach { verifier.take($0) }
            let report = verifier.finish()
            print(report.text)
            return report.exitCode(isStrict: isStrict)
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            return AuditExit.unknown
        }
    }

    /// As the relay reads secrets: a line break at the end does not count.
    private static func key(_ path: String) throws(ReadingError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw .file(path) }
        var bytes = Array(data)
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .file(path) }
        return bytes
    }
}

/// `belfry audit export`.
package struct ExportRequest: Sendable {
    let source: EntrySource
    let format: ExportFormat

    package init(source: EntrySource, format: ExportFormat) {
        self.source = source
        self.format = format
    }

    /// Prints one JSON object a line.
    ///
    /// - Returns: The exit code.
    package func run() -> Int32 {
        do {
            var lines: [UInt8] = []
            try source.forEach { entry in
                guard let record = ExportRecord(entry) else { return }
                format.append(record, to: &lines)
                lines.append(0x0A)
                if lines.count >= 1 << 16 { Self.flush(&lines) }
            }
            Self.flush(&lines)
            return AuditExit.good
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            return AuditExit.unknown
        }
    }

    private static func flush(_ lines: inout [UInt8]) {
        FileHandle.standardOutput.write(Data(lines))
        lines.removeAll(keepingCapacity: true)
    }
}
