import BelfryServer
import Testing

@Suite struct ConfigurationRefusalTests {
    private let fixture: ConfigurationFixture

    init() throws { fixture = try ConfigurationFixture() }

    /// Three lines that every configuration needs stand before the text, which begins in line 4.
    private func firstError(_ text: String) -> String {
        fixture.errors("# line 1\n" + ConfigurationFixture.needed + text).first ?? "accepted"
    }

    @Test(arguments: Malformed.keys + Malformed.server + Malformed.tls)
    func `server and TLS settings are checked at their place`(malformed: Malformed) {
        #expect(firstError(malformed.text) == malformed.report)
    }

    @Test(arguments: Malformed.auth + Malformed.client + Malformed.personalChannel + Malformed.compression)
    func `auth and client settings are checked at their place`(malformed: Malformed) {
        #expect(firstError(malformed.text) == malformed.report)
    }

    @Test(arguments: Malformed.channels + Malformed.limits + Malformed.others)
    func `channels, limits and the rest are checked at their place`(malformed: Malformed) {
        #expect(firstError(malformed.text) == malformed.report)
    }

    @Test(arguments: Malformed.syntax)
    func `what is not YAML is refused at its place`(malformed: Malformed) {
        #expect(firstError(malformed.text).hasPrefix(malformed.report), "\(firstError(malformed.text))")
    }

    @Test(arguments: Malformed.whole)
    func `what is missing or contradicts itself is refused`(malformed: Malformed) {
        #expect(fixture.errors(malformed.text).first == malformed.report)
    }

    @Test func `the corpus has 150 configurations at least`() {
        let count =
            Malformed.keys.count + Malformed.server.count + Malformed.tls.count + Malformed.auth.count
            + Malformed.client.count + Malformed.channels.count + Malformed.limits.count
            + Malformed.others.count + Malformed.syntax.count + Malformed.whole.count
        #expect(count >= 150, "\(count)")
    }
}
