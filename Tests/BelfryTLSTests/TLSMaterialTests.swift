import BelfryTLS
import Foundation
import Testing

@Suite struct TLSMaterialTests {
    private func error(_ sources: CertificateSource..., at time: Int64 = TestCertificates.now)
        -> CertificateError?
    {
        do {
            _ = try TLSMaterial(loading: sources, at: time)
            return nil
        } catch {
            return error
        }
    }

    private func source(_ certificate: String, _ key: String) -> CertificateSource {
        CertificateSource(certificateFile: certificate, keyFile: key)
    }

    private let ecdsa = TestCertificates.ecdsa
    private let rsa = TestCertificates.rsa

    @Test func `what stands in a certificate is reported`() throws {
        let certificates = TestCertificates.both.certificates
        #expect(certificates.map(\.keyType) == [.ecdsaP256, .rsa(bits: 2048)])
        let leaf = try #require(certificates.first)
        #expect(leaf.subject == "/CN=localhost")
        #expect(leaf.names == ["localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"])
        #expect(leaf.fingerprint.utf8.count == 64)
        #expect(leaf.notBefore <= TestCertificates.now)
        #expect((89...91).contains((leaf.notAfter - TestCertificates.now + 43_200) / 86_400))
        #expect(leaf.keyType.description == "ecdsa_p256")
    }

    @Test func `nothing configured is an error`() { #expect(error() == .nothingConfigured) }

    @Test func `a missing file is named, with the reason of the system`() {
        let missing = TestCertificates.path("missing.pem")
        #expect(error(source(missing, ecdsa.keyFile)) == .unreadable(file: missing, systemError: 2))
        #expect(error(source(ecdsa.certificateFile, missing)) == .unreadable(file: missing, systemError: 2))
    }

    @Test func `a directory is no file`() {
        guard case .unreadable = error(source(TestCertificates.directory, ecdsa.keyFile)) else {
            Issue.record("a directory was read")
            return
        }
    }

    @Test func `a file that is not PEM is named`() {
        let text = TestCertificates.write("hello", to: "text.pem")
        #expect(error(source(text, ecdsa.keyFile)) == .notPEM(file: text))
        #expect(error(source(ecdsa.certificateFile, text)) == .notPEM(file: text))
        let empty = TestCertificates.write("", to: "empty.pem")
        #expect(error(source(empty, ecdsa.keyFile)) == .notPEM(file: empty))
    }

    @Test func `certificate and key swapped are named`() {
        #expect(error(source(ecdsa.keyFile, ecdsa.certificateFile)) == .notPEM(file: ecdsa.keyFile))
        let twice = source(ecdsa.certificateFile, ecdsa.certificateFile)
        #expect(error(twice) == .notPEM(file: ecdsa.certificateFile))
    }

    @Test func `a broken certificate is named by its position`() {
        let text = TestCertificates.text(of: ecdsa.certificateFile)
        let broken = TestCertificates.write(text.replacing("MII", with: "AAA"), to: "broken.pem")
        #expect(error(source(broken, ecdsa.keyFile)) == .brokenCertificate(file: broken, position: 1))
        let second = TestCertificates.write(text + text.replacing("MII", with: "AAA"), to: "broken2.pem")
        #expect(error(source(second, ecdsa.keyFile)) == .brokenCertificate(file: second, position: 2))
    }

    @Test func `a broken key is named`() {
        let text = TestCertificates.text(of: ecdsa.keyFile)
        let broken = TestCertificates.write(text.replacing("MIG", with: "AAA"), to: "broken.key")
        #expect(error(source(ecdsa.certificateFile, broken)) == .brokenKey(file: broken))
    }

    @Test func `an encrypted key is named as such`() {
        let encrypted = TestCertificates.path("encrypted.key")
        TestCertificates.run(
            "openssl", "pkey", "-in", ecdsa.keyFile, "-aes256", "-passout", "pass:x", "-out", encrypted)
        #expect(error(source(ecdsa.certificateFile, encrypted)) == .encryptedKey(file: encrypted))
    }

    @Test func `the key of another certificate is refused`() {
        let expected = CertificateError.keyMismatch(certificate: ecdsa.certificateFile, key: rsa.keyFile)
        #expect(error(source(ecdsa.certificateFile, rsa.keyFile)) == expected)
    }

    @Test func `validity is checked on both sides, to the second`() throws {
        let leaf = try #require(TestCertificates.both.certificates.first)
        #expect(error(ecdsa, at: leaf.notAfter) == nil)
        #expect(
            error(ecdsa, at: leaf.notAfter + 1)
                == .expired(file: ecdsa.certificateFile, notAfter: leaf.notAfter))
        #expect(error(ecdsa, at: leaf.notBefore) == nil)
        let early = CertificateError.notYetValid(file: ecdsa.certificateFile, notBefore: leaf.notBefore)
        #expect(error(ecdsa, at: leaf.notBefore - 1) == early)
    }

    @Test func `a chain goes from the leaf upwards`() {
        let leaf = TestCertificates.text(of: ecdsa.certificateFile)
        let authority = TestCertificates.text(of: TestCertificates.path("ca-ecdsa.pem"))
        let stranger = TestCertificates.text(of: TestCertificates.path("ca-rsa.pem"))
        let right = TestCertificates.write(leaf + authority, to: "chain.pem")
        #expect(error(source(right, ecdsa.keyFile)) == nil)
        let wrong = TestCertificates.write(leaf + stranger, to: "chain-wrong.pem")
        #expect(error(source(wrong, ecdsa.keyFile)) == .wrongOrder(file: wrong, position: 1))
        let upside = TestCertificates.write(authority + leaf, to: "chain-upside.pem")
        #expect(error(source(upside, ecdsa.keyFile)) == .keyMismatch(certificate: upside, key: ecdsa.keyFile))
    }

    @Test func `keys that clients do not know, or weak ones, are refused`() {
        for algorithm in ["ed25519", "rsa:1024"] {
            let (pem, key) = (TestCertificates.path("odd.pem"), TestCertificates.path("odd.key"))
            TestCertificates.run(
                "openssl", "req", "-x509", "-newkey", algorithm, "-nodes", "-keyout", key, "-out", pem,
                "-subj", "/CN=odd")
            #expect(error(source(pem, key)) == .unsupportedKey(file: pem))
        }
    }

    @Test func `two certificates of a kind are refused`() {
        #expect(error(ecdsa, ecdsa) == .sameKindTwice(file: ecdsa.certificateFile))
    }

    @Test func `a file without end is refused`() {
        let long = TestCertificates.write(String(repeating: "x", count: 300_000), to: "long.pem")
        #expect(error(source(long, ecdsa.keyFile)) == .tooLarge(file: long, limit: 262_144))
    }

    @Test func `each error says the file`() {
        #expect("\(CertificateError.encryptedKey(file: "a.key"))".hasPrefix("a.key: "))
        #expect(
            "\(CertificateError.keyMismatch(certificate: "a.pem", key: "b.key"))"
                == "b.key: not the key of a.pem")
    }

    @Test func `a chain is sent to the client, and one certificate serves alone`() {
        let chain = TestCertificates.write(
            TestCertificates.text(of: ecdsa.certificateFile)
                + TestCertificates.text(of: TestCertificates.path("ca-ecdsa.pem")), to: "sent.pem")
        let loop = TestLoop(TestCertificates.material(source(chain, ecdsa.keyFile)))
        let conversation = loop.connect()
        #expect(conversation.shakeHands().summary != nil)
        #expect(conversation.client.chainLength == 2)
        #expect(TestLoop(TestCertificates.material(rsa)).connect().shakeHands().summary != nil)
    }

    @Test func `the script renews what is short-lived or broken, and touches nothing else`() throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../certs/make-dev-certs.sh").standardized.path
        let directory = TestCertificates.path("script")
        func read(_ name: String) -> String { TestCertificates.text(of: directory + "/" + name) }
        let names = ["ca.pem", "server.pem", "server.key", "server-rsa.pem", "server-rsa.key"]
        #expect(TestCertificates.run("bash", script, directory) == 0)
        let first = names.map(read)
        #expect(TestCertificates.run("bash", script, directory) == 0)
        #expect(names.map(read) == first)
        // Six days left: renewed. The key of the other pair is lost: renewed as well.
        TestCertificates.run(
            "openssl", "x509", "-in", directory + "/server.pem", "-key", directory + "/server.key", "-days",
            "6", "-out",
            directory + "/short.pem")
        try FileManager.default.removeItem(atPath: directory + "/server.pem")
        try FileManager.default.moveItem(atPath: directory + "/short.pem", toPath: directory + "/server.pem")
        try FileManager.default.removeItem(atPath: directory + "/server-rsa.key")
        let short = read("server.pem")
        #expect(TestCertificates.run("bash", script, directory) == 0)
        #expect(read("ca.pem") == first[0])
        #expect(read("server.pem") != short)
        for name in ["server", "server-rsa"] {
            #expect(error(source("\(directory)/\(name).pem", "\(directory)/\(name).key")) == nil)
            let mode = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name).key")[
                .posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }
}
