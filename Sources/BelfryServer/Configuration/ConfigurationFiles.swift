import Foundation

/// Reads what the configuration points to, and nothing larger than it should be.
struct ConfigurationFiles: Sendable {
    /// A chain of ten certificates has 20 KiB; secrets and keys are far smaller.
    static let referredBytesMax = 256 << 10

    /// Where relative paths begin: the directory of the configuration file.
    let directory: String
    /// Where systemd puts `LoadCredential=` (systemd.exec(5)); relative paths are looked for there first.
    let credentials: String?

    init(configurationPath: String, environment: [String: String]) {
        // With its slash, so that the parent of /belfry.yaml is the root.
        let parent = configurationPath.lastIndex(of: "/").map { String(configurationPath[...$0]) }
        directory = Self.absolute(parent ?? "", in: FileManager.default.currentDirectoryPath)
        credentials = environment["CREDENTIALS_DIRECTORY"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The absolute path of a file that exists and can be read.
    func path(_ text: String) throws(ConfigurationProblem) -> String {
        let path = located(text)
        do throws(FileProblem) {
            try Self.check(path)
        } catch {
            throw .file(path: path, error)
        }
        return path
    }

    /// The absolute path of a file that need not exist yet.
    func place(_ text: String) -> String { Self.absolute(text, in: directory) }

    /// The bytes of a secret, without the newline that editors and `echo` leave at the end.
    func secret(_ text: String) throws(ConfigurationProblem) -> Secret {
        let path = located(text)
        var bytes = try read(path)
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .file(path: path, .empty) }
        return Secret(bytes)
    }

    func text(_ text: String) throws(ConfigurationProblem) -> String {
        let path = located(text)
        guard let content = String(validating: try read(path), as: UTF8.self) else {
            throw .file(path: path, .notText)
        }
        return content
    }

    private func located(_ text: String) -> String {
        if let credentials, !text.hasPrefix("/") {
            let path = Self.absolute(text, in: credentials)
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        return Self.absolute(text, in: directory)
    }

    /// Steps up (`..`) are left to the kernel, which follows symbolic links first.
    private static func absolute(_ path: String, in directory: String) -> String {
        if path.hasPrefix("/") { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }

    private func read(_ path: String) throws(ConfigurationProblem) -> [UInt8] {
        do throws(FileProblem) {
            return try Self.read(path, bytesMax: Self.referredBytesMax)
        } catch {
            throw .file(path: path, error)
        }
    }

    /// - Throws: ``FileProblem`` for what is not a regular, readable file of at most `bytesMax` bytes.
    static func read(_ path: String, bytesMax: Int) throws(FileProblem) -> [UInt8] {
        try check(path)
        guard let handle = FileHandle(forReadingAtPath: path) else { throw .unreadable }
        let data: Data?
        do {
            data = try handle.read(upToCount: bytesMax + 1)
        } catch {
            throw .unreadable
        }
        guard let data else { return [] }  // an empty file
        guard data.count <= bytesMax else { throw .tooLarge }
        return Array(data)
    }

    private static func check(_ path: String) throws(FileProblem) {
        // A pipe would make the start wait for somebody to write into it.
        let resolved = URL(filePath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: resolved)
        guard let type = attributes?[.type] as? FileAttributeType else { throw .absent }
        guard type == .typeRegular else { throw .notRegular }
        guard FileManager.default.isReadableFile(atPath: resolved) else { throw .unreadable }
    }
}
