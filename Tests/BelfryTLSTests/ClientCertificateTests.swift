import COpenSSL
import Foundation
import Testing

@testable import BelfryTLS

/// What becomes of clients with and without certificates, in both versions.
@Suite struct ClientCertificateTests {
    static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]
    private let made = TestCertificates.clients

    private func offer(_ version: Int32, _ name: String? = nil, chain: String? = nil) -> ClientOffer {
        var offer = ClientOffer(minVersion: version, maxVersion: version)
        offer.certificate = name.map { made.files($0, chain: chain) }
        return offer
    }

    private func loop(
        isRequired: Bool, _ authority: String = "clients", tickets: TicketKeys = TicketKeys()
    ) -> TestLoop {
        TestLoop(made.material(isRequired: isRequired, authority), tickets: tickets)
    }

    /// SHA-256 of the certificate, as openssl sees it.
    private func thumbprint(_ name: String) throws -> [UInt8] {
        let text = TestCertificates.text(of: made.path(name + ".pem"))
        let lines = text.split(separator: "\n").drop { !$0.hasPrefix("-----BEGIN") }.dropFirst()
        let base64 = lines.prefix { !$0.hasPrefix("-----END") }.joined()
        let der = [UInt8](try #require(Data(base64Encoded: base64)))
        return Digest.sha256(der.span)
    }

    @Test(arguments: versions, [true, false])
    func `a certificate of the authority comes with its thumbprint`(version: Int32, isRequired: Bool) throws {
        let summary = try #require(
            loop(isRequired: isRequired).connect(offer(version, "ada")).shakeHands().summary)
        #expect(summary.clientThumbprint == (try thumbprint("ada")))
    }

    @Test(arguments: versions)
    func `an intermediate certificate may come from the client`(version: Int32) throws {
        let all = offer(version, "carol", chain: "carol-chain")
        let summary = try #require(loop(isRequired: true).connect(all).shakeHands().summary)
        #expect(summary.clientThumbprint == (try thumbprint("carol")))
        let bare = loop(isRequired: true).connect(offer(version, "carol")).shakeHands()
        #expect(bare.failure?.reason == .clientCertificateUntrusted)
    }

    @Test(arguments: versions)
    func `where a certificate is optional, nobody needs one`(version: Int32) throws {
        let summary = try #require(loop(isRequired: false).connect(offer(version)).shakeHands().summary)
        #expect(summary.clientThumbprint == nil)
    }

    @Test(arguments: versions)
    func `without authorities no certificate is asked for`(version: Int32) throws {
        let summary = try #require(TestLoop().connect(offer(version, "ada")).shakeHands().summary)
        #expect(summary.clientThumbprint == nil)
    }

    @Test(arguments: versions)
    func `where a certificate is required, one without is refused`(version: Int32) throws {
        let failure = try #require(loop(isRequired: true).connect(offer(version)).shakeHands().failure)
        #expect(failure.reason == .noClientCertificate)
        // certificate_required exists since TLS 1.3 (RFC 8446, 6.2).
        #expect(failure.alertSent == TLSAlert(rawValue: version == TLS1_3_VERSION ? 116 : 40))
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var chain: String?
        let reason: TLSFailure.Reason
        let detail: String
        var testDescription: String { name }
    }

    static let bad = [
        Row(
            name: "stranger-client", reason: .clientCertificateUntrusted,
            detail: "unable to get local issuer certificate"),
        Row(name: "old", reason: .clientCertificateExpired, detail: "certificate has expired"),
        Row(
            name: "server-only", reason: .clientCertificateUntrusted,
            detail: "unsuitable certificate purpose"),
        Row(
            name: "deep", chain: "deep-chain", reason: .clientCertificateUntrusted,
            detail: "certificate chain too long"),
    ]

    @Test(arguments: versions, bad)
    func `a bad certificate is refused, required or not, and the failure says why`(version: Int32, row: Row)
        throws
    {
        for isRequired in [true, false] {
            let conversation = loop(isRequired: isRequired).connect(
                offer(version, row.name, chain: row.chain))
            let failure = try #require(conversation.shakeHands().failure)
            #expect(failure.reason == row.reason)
            #expect(failure.detail == row.detail)
            #expect(failure.alertSent != nil)
        }
    }

    @Test(arguments: versions)
    func `a chain that is too large is the certificate's failure, not the hello's`(version: Int32) throws {
        let chain = (0..<60).map { _ in TestCertificates.text(of: made.path("ada.pem")) }.joined()
        _ = TestCertificates.write(chain, to: "long-chain.pem")
        let offer = offer(version, "ada", chain: "long-chain")
        let failure = try #require(loop(isRequired: true).connect(offer).shakeHands().failure)
        #expect(failure.reason == .clientCertificateUntrusted)
    }

    // MARK: Resumption

    private func ticket(from loop: TestLoop, _ offer: ClientOffer) throws -> ClientSession {
        let conversation = loop.connect(offer)
        try #require(conversation.shakeHands().summary != nil)
        #expect(conversation.write([0x68]).written == 1)
        conversation.clientListens()
        #expect(conversation.client.receive() == [0x68])
        return try #require(conversation.client.session)
    }

    @Test(arguments: versions)
    func `a resumed session keeps the identity of its client, on every loop`(version: Int32) throws {
        let keys = TicketKeys()
        let session = try ticket(from: loop(isRequired: true, tickets: keys), offer(version, "ada"))
        // Whoever holds the session is its client: it sends no certificate, not even another one.
        for name in ["ada", "bob", nil] {
            var offer = offer(version, name)
            offer.session = session
            let summary = try #require(
                loop(isRequired: true, tickets: keys).connect(offer).shakeHands().summary)
            #expect(summary.isResumed)
            #expect(summary.clientThumbprint == (try thumbprint("ada")))
        }
    }

    @Test(arguments: versions)
    func `a session without a certificate resumes without one`(version: Int32) throws {
        let loop = loop(isRequired: false)
        var again = offer(version, "ada")
        again.session = try ticket(from: loop, offer(version))
        let summary = try #require(loop.connect(again).shakeHands().summary)
        #expect(summary.isResumed)
        #expect(summary.clientThumbprint == nil)
    }

    @Test(arguments: versions)
    func `a ticket from before a change of authorities or demand means a full handshake`(version: Int32)
        throws
    {
        let keys = TicketKeys()
        let optional = loop(isRequired: false, tickets: keys)
        let before: [(TestLoop, ClientOffer)] = [
            (TestLoop(tickets: keys), offer(version)), (optional, offer(version)),
            (loop(isRequired: true, "others", tickets: keys), offer(version, "stranger-client")),
        ]
        for (loop, first) in before {
            let session = try ticket(from: loop, first)
            let required = self.loop(isRequired: true, tickets: keys)
            var without = offer(version)
            without.session = session
            #expect(required.connect(without).shakeHands().failure?.reason == .noClientCertificate)
            var with = offer(version, "ada")
            with.session = session
            let summary = try #require(required.connect(with).shakeHands().summary)
            #expect(!summary.isResumed)
            #expect(summary.clientThumbprint == (try thumbprint("ada")))
        }
    }

    @Test(arguments: versions)
    func `a ticket ends with the certificate it carries`(version: Int32) throws {
        let keys = TicketKeys()
        let earlier = loop(isRequired: true, tickets: keys)
        // As if the certificate had still been in force.
        let parameters = unsafe SSL_CTX_get0_param(earlier.context.context)
        _ = unsafe X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_NO_CHECK_TIME))
        var again = offer(version)
        again.session = try ticket(from: earlier, offer(version, "old"))
        let later = loop(isRequired: true, tickets: keys)
        #expect(later.connect(again).shakeHands().failure?.reason == .noClientCertificate)
    }

    // MARK: Files

    private func error(_ file: String) -> CertificateError? {
        do {
            _ = try TLSMaterial(
                loading: [TestCertificates.ecdsa],
                clients: ClientAuthoritySource(file: file, isRequired: true), at: TestCertificates.now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a bundle of authorities is checked before anything is served with it`() throws {
        let missing = made.path("missing-ca.pem")
        #expect(error(missing) == .unreadable(file: missing, systemError: 2))
        let text = TestCertificates.write("hello", to: "no-ca.pem")
        #expect(error(text) == .notPEM(file: text))
        let leaf = made.path("ada.pem")
        #expect(error(leaf) == .notAuthority(file: leaf, position: 1))
        let both = TestCertificates.write(
            TestCertificates.text(of: made.path("clients.pem")) + TestCertificates.text(of: leaf),
            to: "mixed-ca.pem")
        #expect(error(both) == .notAuthority(file: both, position: 2))
    }

    @Test func `authorities that are all over are refused, one of several is not`() throws {
        let year: Int64 = 366 * 86_400
        let source = made.source(isRequired: true)
        #expect(throws: CertificateError.self) {
            _ = try TLSMaterial(
                loading: [TestCertificates.ecdsa], clients: source, at: TestCertificates.now + year)
        }
    }

    @Test func `twenty authorities are followed without being named to clients`() throws {
        let one = TestCertificates.text(of: made.path("clients.pem"))
        let other = TestCertificates.text(of: made.path("others.pem"))
        let all = String(repeating: other, count: 20) + one
        let file = TestCertificates.write(all, to: "many-ca.pem")
        let material = try TLSMaterial(
            loading: [TestCertificates.ecdsa], clients: ClientAuthoritySource(file: file, isRequired: true),
            at: TestCertificates.now)
        for version in Self.versions {
            let summary = TestLoop(material).connect(offer(version, "ada")).shakeHands().summary
            #expect(summary?.clientThumbprint == (try thumbprint("ada")))
        }
    }
}
