import BelfryTLS
import Foundation

/// Certificates for the tests, made once a run by the script that developers use.
enum TestCertificates {
    static let directory: String = {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../certs/make-dev-certs.sh").standardized.path
        guard run("bash", script, root) == 0 else { fatalError("\(script) fails") }
        atexit { try? FileManager.default.removeItem(atPath: TestCertificates.root) }
        return root
    }()

    private static let root =
        FileManager.default.temporaryDirectory.path
        + "/belfry-tls-\(ProcessInfo.processInfo.processIdentifier)"

    static func path(_ name: String) -> String { directory + "/" + name }

    static let ecdsa = CertificateSource(certificateFile: path("server.pem"), keyFile: path("server.key"))
    static let rsa = CertificateSource(
        certificateFile: path("server-rsa.pem"), keyFile: path("server-rsa.key"))
    static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    static func material(_ sources: CertificateSource...) -> TLSMaterial {
        do {
            return try TLSMaterial(loading: sources, at: now)
        } catch {
            fatalError("the test certificates do not load: \(error)")
        }
    }

    /// A certificate that nobody of ours is signed by.
    static let stranger: String = {
        run(
            "openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", path("stranger.key"),
            "-out",
            path("stranger.pem"), "-subj", "/CN=stranger")
        return path("stranger.pem")
    }()

    static let both = material(ecdsa, rsa)

    /// Certificates made by the clients' authority, a second authority, and a chain over an intermediate one.
    static let clients: ClientCertificates = ClientCertificates(in: directory)

    @discardableResult
    static func run(_ command: String...) -> Int32 { run(command) }

    @discardableResult
    static func run(_ command: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            fatalError("\(command[0]) does not start: \(error)")
        }
        process.waitUntilExit()
        return process.terminationStatus
    }

    static func write(_ text: String, to name: String) -> String {
        _ = FileManager.default.createFile(atPath: path(name), contents: Data(text.utf8))
        return path(name)
    }

    static func text(of file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }
}
