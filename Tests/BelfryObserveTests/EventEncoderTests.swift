import Testing

@testable import BelfryObserve

@Suite struct EventEncoderTests {
    static let connection = ConnectionContext(
        id: "c-1", peerAddress: "192.0.2.7", peerPort: 5001, listener: "0.0.0.0:8443")

    private func encoded(_ event: Event, sequence: UInt64? = nil) -> [String: String] {
        var entry = EntryBuffer()
        EventEncoder(threadID: 42).encode(event, sequence: sequence, into: &entry)
        return Dictionary(
            uniqueKeysWithValues: entry.items.map {
                (
                    String(decoding: entry.name(of: $0), as: UTF8.self),
                    String(decoding: entry.value(of: $0), as: UTF8.self)
                )
            })
    }

    @Test func `an entry carries the common fields, the contexts and its own`() {
        let event = Event.authFailure(
            Self.connection, reason: "expired", claimed: ClaimedToken(algorithm: "HS256", keyID: "k1"))
        let fields = encoded(event, sequence: 7)
        #expect(
            fields == [
                "MESSAGE": "Authentication from 192.0.2.7 failed: expired",
                "MESSAGE_ID": "631f883847044cbeb4826873db672eb8", "PRIORITY": "5",
                "SYSLOG_IDENTIFIER": "belfry",
                "SYSLOG_FACILITY": "10", "TID": "42",
                "CODE_FILE": "BelfryObserveTests/EventEncoderTests.swift",
                "CODE_LINE": "\(event.source.line)", "BELFRY_EVENT": "auth.failure", "BELFRY_SCHEMA": "1",
                "BELFRY_OWASP": "authn_login_fail", "BELFRY_SEQ": "7", "BELFRY_CONN_ID": "c-1",
                "BELFRY_PEER_ADDR": "192.0.2.7", "BELFRY_PEER_PORT": "5001",
                "BELFRY_LISTENER": "0.0.0.0:8443",
                "BELFRY_REASON": "expired", "BELFRY_ALG": "HS256", "BELFRY_KID": "k1", "BELFRY_COUNT": "1",
            ])
    }

    @Test func `the place in the source is the caller's`() {
        let event = Event.tlsTicketsRotated(generation: 1)
        let line = #line - 1
        #expect(Int(event.source.line) == line)
    }

    @Test func `an absent value is an absent field, and a dash in the message`() {
        let fields = encoded(.ratelimitEngaged(nil, scope: "user.publish", limit: "20/s", rate: "143/s"))
        #expect(fields["BELFRY_SUBJECT"] == nil)
        #expect(fields["MESSAGE"] == "Limit user.publish engaged for -: 143/s over 20/s")
    }

    @Test func `numbers, flags and times are written for machines`() {
        let start = encoded(
            .serviceStart(
                version: "1", commit: "c", openSSL: "o", configurationHash: "h", isFirstProcess: true))
        #expect(start["BELFRY_PID1"] == "yes")
        let expiring = encoded(.tlsCertExpiring(name: "n", notAfter: 0, daysLeft: -3))
        #expect(expiring["BELFRY_DAYS_LEFT"] == "-3")
        #expect(expiring["BELFRY_NOT_AFTER"] == "1970-01-01T00:00:00Z")
        let ready = encoded(
            .serviceReady(listeners: ["a", "b"], startup: .milliseconds(1500), activated: false))
        #expect(ready["BELFRY_STARTUP_MS"] == "1500")
        #expect(ready["BELFRY_LISTENERS"] == "a,b")
        #expect(ready["BELFRY_ACTIVATED"] == "no")
    }

    @Test func `the last entry states its own number`() {
        let event = Event.serviceStopped(uptime: .seconds(9), connections: 1, messages: 2, isClean: true)
        #expect(encoded(event, sequence: 99)["BELFRY_AUDIT_LAST_SEQ"] == "99")
    }

    @Test(arguments: [(256, nil), (257, "ORIGIN")] as [(Int, String?)])
    func `a name is capped at 256 bytes and the entry says so`(length: Int, truncated: String?) {
        let origin = String(repeating: "o", count: length)
        let fields = encoded(
            .wsUpgradeRejected(Self.connection, status: 403, reason: "origin", origin: origin))
        #expect(fields["BELFRY_ORIGIN"]?.utf8.count == 256)
        #expect(fields["BELFRY_TRUNCATED"] == truncated)
    }

    @Test func `a reason is capped at 2 KiB, and several cut fields are listed`() {
        let long = String(repeating: "é", count: 100_000)
        let fields = encoded(
            .tlsHandshakeFailed(
                Self.connection, reason: "alert", sslError: long, alert: nil, offeredMaximum: nil,
                serverName: long))
        #expect(fields["BELFRY_SSL_ERROR"]?.utf8.count == 2048)
        #expect(fields["BELFRY_SNI"]?.utf8.count == 256)
        #expect(fields["BELFRY_TRUNCATED"] == "SSL_ERROR,SNI")
    }

    @Test func `keys of a configuration are listed whole, and those that find no room are counted`() {
        let keys = ["auth.hmac_secret_file", "tls.private_key", "client.expired_grace"]
        let few = encoded(.configLoaded(hash: "h", changedKeys: keys, restartKeys: []))
        #expect(few["BELFRY_CHANGED_KEYS"] == keys.joined(separator: ","))
        #expect(few["BELFRY_RESTART_KEYS"] == nil)
        let many = (0..<300).map { "section.key\($0)" }
        let fields = encoded(.configLoaded(hash: "h", changedKeys: many, restartKeys: many))
        let told = fields["BELFRY_CHANGED_KEYS"]?.split(separator: ",").map(String.init) ?? []
        #expect(told.count > 100)
        #expect(told.dropLast() == many.prefix(told.count - 1))
        #expect(told.last == "+\(many.count - told.count + 1)")
        #expect(fields["BELFRY_TRUNCATED"] == nil)
    }

    @Test func `a waiting event holds no more than 8 KiB of one text`() {
        let long = String(repeating: "x", count: 1_000_000)
        let event = Event.wsUpgradeRejected(Self.connection, status: 400, reason: long, origin: long)
        #expect(event.textBytes <= 2 * 8192 + 64)
    }

    @Test func `contexts are sanitised like everything else`() {
        let hostile = ConnectionContext(id: "a\nb", peerAddress: "\u{1B}[2J", peerPort: 1, listener: "l")
        let fields = encoded(.wsProtocolError(hostile, subject: nil, kind: "k\r", closeCode: 1002))
        #expect(fields["BELFRY_CONN_ID"] == "a\\nb")
        #expect(fields["MESSAGE"] == "\\x1b[2J broke the protocol: k\\r")
    }

    @Test func `an aggregated entry says how often`() {
        var event = Event.connRejected(peerAddress: "192.0.2.7", reason: "per_source", limit: 10, current: 10)
        event.count = 37
        let fields = encoded(event)
        #expect(fields["BELFRY_COUNT"] == "37")
        #expect(fields["MESSAGE"] == "Connection from 192.0.2.7 rejected: per_source (37 times)")
    }

    @Test func `a buffer used again holds nothing of the entry before`() {
        var entry = EntryBuffer()
        let encoder = EventEncoder(threadID: 1)
        encoder.encode(.tlsTicketsRotated(generation: 12345), sequence: nil, into: &entry)
        encoder.encode(.listenerError(address: "a", errno: 98), sequence: nil, into: &entry)
        #expect(entry.item(of: .generation) == nil)
        #expect(entry.item(of: .errno).map { Array(entry.value(of: $0)) } == Array("98".utf8))
    }
}
