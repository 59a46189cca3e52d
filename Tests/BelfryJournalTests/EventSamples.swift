@testable import BelfryObserve

/// Every event that can be built, with every field it can have.
enum EventSamples {
    static let connection = ConnectionContext(
        id: "conn-7f3a", peerAddress: "2001:db8::7", peerPort: 50_123, listener: "[::]:8443")
    static let subject = SubjectContext(
        subject: "9f86d081884c7d65", jtiHash: "60303ae22b998861", keyID: "key-1",
        issuer: "https://issuer.example")

    static let party = DeniedParty(
        subject: "9f86d081884c7d65", tokenHash: "60303ae22b998861", network: "192.0.2.0/24")

    /// Of a user and of a channel at once, for the sake of all fields.
    static let tap = Event.Tap(
        peerAddress: "127.0.0.1", actor: "support", subject: "9f86d081884c7d65", roomHash: "1b4f0e98",
        showsBodies: false)

    static var all: [Event] { service + connections + tls + admission + pressure + alerts }

    static var service: [Event] {
        [
            .serviceStart(
                version: "0.1.0", commit: "abc1234", openSSL: "OpenSSL 3.0.17", configurationHash: "c0ffee",
                isFirstProcess: false),
            .serviceReady(
                listeners: ["0.0.0.0:8443", "[::]:8443"], startup: .milliseconds(12), activated: true),
            .serviceStopping(signal: "SIGTERM", openConnections: 3, drain: .seconds(30)),
            .serviceStopped(uptime: .seconds(86_400), connections: 10, messages: 20, isClean: true),
            .configLoaded(
                hash: "c0ffee", changedKeys: ["auth.leeway", "client.ping", "limits.user.publish.rate"],
                restartKeys: ["client.ping", "limits.user.publish.rate"]),
            .configRejected(path: "/etc/belfry/belfry.yaml", row: 12, error: "unknown key limits.usr"),
            .logLevelChanged(from: .info, to: .debug, by: "SIGHUP"),
            .listenerOpen(address: "0.0.0.0:8443", descriptorName: "wss", backlog: 4096),
            .listenerError(address: "0.0.0.0:443", errno: 13),
            .probeFailed(phase: "tls", error: "connection refused", attempts: 1),
            .probePassed(outage: .seconds(61)),
            .tapOpened(tap), .tapClosed(tap, after: .seconds(5), entries: 12),
            .adminRequest(
                peerAddress: "127.0.0.1", method: "POST", path: "/api/publish", status: 200, actor: "backend"),
            .storeOpened(
                path: "/var/lib/belfry/history.db", streams: 3, publications: 40, renewed: 1, shed: 0),
            .storeFailed(path: "/var/lib/belfry/history.db", error: "no room to write"),
            .storeHealed(path: "/var/lib/belfry/history.db", after: .seconds(3), refused: 7),
            .journalGap(lost: 3, byReason: "queue_full=3", sequences: 5...7),
        ]
    }

    static var connections: [Event] {
        var summary = ConnectionSummary(
            closedBy: .client, phase: "session", reason: "going_away", closeCode: 1001, duration: .seconds(61)
        )
        summary.roundTrip = .milliseconds(23)
        return [
            .connOpen(
                connection, version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", alpn: "http/1.1",
                resumed: true,
                helloFingerprint: "t13d1516h2", clientCertificate: "ab12", handshake: .microseconds(900)),
            .connClose(connection, subject: subject, summary),
            .connRejected(peerAddress: "192.0.2.7", reason: "per_source", limit: 100, current: 100),
            .wsUpgradeRejected(connection, status: 403, reason: "origin", origin: "https://evil.example"),
            .wsProtocolError(connection, subject: subject, kind: "unmasked_frame", closeCode: 1002),
        ]
    }

    static var tls: [Event] {
        [
            .tlsHandshakeFailed(
                connection, reason: "alert_received", sslError: "tlsv1 alert unknown ca", alert: "unknown_ca",
                offeredMaximum: "TLSv1.3", serverName: "chat.example"),
            .tlsLegacyOffer(connection, offered: "TLSv1.1", helloFingerprint: "t11d"),
            .tlsCertLoaded(
                name: "chat.example", sha256: "ab12", notAfter: 1_785_585_600, keyType: "EC P-256"),
            .tlsCertExpiring(name: "chat.example", notAfter: 1_785_585_600, daysLeft: 13),
            .tlsTicketsRotated(generation: 4),
        ]
    }

    static var admission: [Event] {
        [
            .authSuccess(
                connection, subject, algorithm: "ES256", expiresAt: 1_785_585_600, method: "connect"),
            .authFailure(
                connection, reason: "expired",
                claimed: ClaimedToken(
                    algorithm: "HS256", keyID: "k", issuer: "i", subject: "9f86d081884c7d65")),
            .authExpiredSession(connection, subject, expiredAt: 1_785_585_600),
            .authTokenReuse(
                subject, networks: ["192.0.2.0/24", "203.0.113.0/24"], firstConnection: connection.id,
                overlap: .seconds(75)),
            .authGuestToken(connection, subject, expiresAt: 1_785_585_600),
            .authKeysLoaded(keyIDs: ["key-1", "key-2"], from: "https://issuer.example/jwks"),
            .authKeysFailed(from: "https://issuer.example/jwks", error: "timed out", age: .seconds(300)),
            .authRevoked(
                party, by: "backend", kind: "user", expiresAt: 1_785_585_600, isDurable: true, closed: 3),
            .authRestored(party, by: "backend", kind: "user"),
            .authzDenied(
                connection, subject, action: "publish", reason: "not_subscribed", roomHash: "1b4f0e98"),
        ]
    }

    static var alerts: [Event] {
        [
            .alertFiring(
                Event.AlertFacts(
                    alert: "CredentialStuffing", fingerprint: "2b5d3a90c1d2e4f7",
                    key: "client_net=203.0.113.0/24",
                    observed: "61", expected: "0", unit: "subjects", limit: "12", window: 60,
                    detector: "failing_subjects", summary: "Many subjects fail from one network",
                    documentation: "runbooks/CredentialStuffing.md", priority: .error)),
            .alertResolved(
                alert: "CredentialStuffing", fingerprint: "2b5d3a90c1d2e4f7", after: .seconds(130),
                peak: "61",
                priority: .notice),
            .alertDeliveryFailed(
                receiver: "alertmanager http://127.0.0.1:9093", status: "cannot connect", attempts: 3),
            .clockStepped(by: .milliseconds(-1_500)),
        ]
    }

    static var pressure: [Event] {
        [
            .ratelimitEngaged(subject, scope: "user.publish", limit: "20/s", rate: "143/s"),
            .ratelimitReleased(subject, scope: "user.publish", denied: 99, duration: .seconds(2)),
            .ratelimitDisconnect(connection, subject, denied: 500),
            .consumerSlow(
                connection, subject, queueBytes: 1_048_576, oldest: .seconds(4), action: "disconnect"),
            .messageDropped(reason: "slow_consumer", count: 12, roomHash: "1b4f0e98"),
            .positionLost(reason: "check", count: 3, roomHash: "1b4f0e98"),
            .historyShed(kind: "publication", count: 300),
            .overloadChanged(
                resource: "journal", pressure: 100, action: "refuse_new", isEntered: true),
        ]
    }
}
