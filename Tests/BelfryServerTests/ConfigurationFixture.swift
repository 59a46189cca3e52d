import BelfryServer
import Foundation
import Testing

/// A directory with the files a configuration may point to; removed with the fixture.
final class ConfigurationFixture {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(
            path: "belfry-configuration-\(UUID().uuidString)")
        for (path, content) in Self.files { try write(content, to: path) }
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
        -----END PUBLIC KEY-----

        """

    private static let files = [
        "tls/server.pem": "certificate", "tls/server.key": "key", "tls/rsa.pem": "certificate",
        "tls/rsa.key": "key", "auth/hmac.key": String(repeating: "k", count: 32) + "\n",
        "auth/empty.key": "\n", "auth/public.pem": publicKey,
        "auth/private.pem": "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n",
        "auth/nonsense.pem": "hello\n", "auth/huge.key": String(repeating: "k", count: 300_000),
    ]

    func write(_ content: String, to path: String) throws {
        let file = directory.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: file)
    }

    func load(
        _ text: String, environment: [String: String] = [:]
    ) throws(ConfigurationErrors) -> LoadedConfiguration {
        try load(bytes: Array(text.utf8), environment: environment)
    }

    func load(
        bytes: [UInt8], environment: [String: String] = [:]
    ) throws(ConfigurationErrors) -> LoadedConfiguration {
        let path = directory.appending(path: "belfry.yaml").path
        if !FileManager.default.createFile(atPath: path, contents: Data(bytes)) {
            Issue.record("cannot write \(path)")
        }
        return try Configuration.load(path: path, environment: environment)
    }

    /// The lines of the error report, with the file's name for its path.
    func errors(_ text: String, environment: [String: String] = [:]) -> [String] {
        errors(bytes: Array(text.utf8), environment: environment)
    }

    func errors(bytes: [UInt8], environment: [String: String] = [:]) -> [String] {
        do throws(ConfigurationErrors) {
            _ = try load(bytes: bytes, environment: environment)
            return []
        } catch {
            return error.description.replacingOccurrences(of: directory.path + "/", with: "")
                .split(separator: "\n").map(String.init)
        }
    }

    /// What every configuration needs.
    static let needed = """
        tls: {certificate: tls/server.pem, private_key: tls/server.key}
        auth: {hmac_secret_file: auth/hmac.key, audience: relay}

        """
}

/// The repository's root.
let repository = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
