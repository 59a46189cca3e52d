import BelfryBytes
import BelfryHTTP
import BelfryObserve
import BelfryTLS

// TLS and the upgrade.

extension LoopObserver {
    /// - `fingerprint`: Of the hello.
    func offeredLegacy(
        _ offer: ClientHello.LegacyOffer, _ fingerprint: String, _ connection: borrowing Connection
    ) {
        shard.count(.tlsLegacyOffers(LegacyOffer(offer)))
        sink.record(
            .tlsLegacyOffer(context(connection), offered: offer.rawValue, helloFingerprint: fingerprint))
    }

    func handshakeDone(_ summary: HandshakeSummary, _ connection: borrowing Connection, now: Instant) {
        let duration = now - connection.openedAt
        let version: TLSVersionLabel = summary.version == .tls1_3 ? .tls13 : .tls12
        shard.count(.tlsHandshakes(version, resumed: summary.isResumed))
        shard.count(.tlsCiphers(CipherLabel(summary.cipher)))
        shard.observe(duration.metric, in: .tlsHandshake(resumed: summary.isResumed))
        sink.record(
            .connOpen(
                context(connection), version: "TLSv\(summary.version.rawValue)",
                cipher: summary.cipher.rawValue,
                alpn: summary.applicationProtocol?.rawValue, resumed: summary.isResumed,
                helloFingerprint: connection.record.helloFingerprint,
                clientCertificate: summary.clientThumbprint.map(Self.hex), handshake: duration))
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.reduce(into: "") { $0 += ($1 < 16 ? "0" : "") + String($1, radix: 16) }
    }

    func handshakeFailed(_ failure: TLSFailure, _ connection: borrowing Connection, now: Instant) {
        shard.count(.tlsHandshakeFailures(HandshakeFailure(failure.reason)))
        let alert = failure.alertSent ?? failure.alertReceived
        sink.record(
            .tlsHandshakeFailed(
                context(connection), reason: failure.reason.rawValue, sslError: failure.detail,
                alert: alert.map { String(describing: $0) }, offeredMaximum: nil, serverName: nil))
    }

    func reloadFailed(_ error: String) { shard.count(.tlsCertificateReloads(.failure)) }

    func responded(_ status: Int, listener: Int) {
        shard.count(.httpRequests(HTTPCode(status: UInt16(clamping: status))))
    }

    func upgraded(_ result: UpgradeResult) { shard.count(.wsUpgrades(UpgradeOutcome(result))) }

    func upgradeRefused(
        _ refusal: HTTPRefusal, origin: String?, _ connection: borrowing Connection, now: Instant
    ) {
        sink.record(
            .wsUpgradeRejected(
                context(connection), status: Int(refusal.status.rawValue), reason: refusal.label.rawValue,
                origin: origin))
    }
}

extension HandshakeFailure {
    /// The words are the same on both sides; only a flood of KeyUpdates cannot happen in a handshake.
    init(_ reason: TLSFailure.Reason) {
        self =
            switch reason {
            case .plaintext: .plaintext
            case .badRecord: .badRecord
            case .oversizeHello: .oversizeHello
            case .noSharedVersion: .noSharedVersion
            case .noSharedCipher: .noSharedCipher
            case .noSharedGroup: .noSharedGroup
            case .alpn: .alpn
            case .clientAlertCertificate: .clientAlertCertificate
            case .clientAlertOther: .clientAlertOther
            case .timeout: .timeout
            case .noClientCertificate: .noClientCertificate
            case .clientCertificateExpired: .clientCertificateExpired
            case .clientCertificateUntrusted: .clientCertificateUntrusted
            case .closed: .closed
            case .internal, .keyUpdateFlood: .internal
            }
    }
}

extension CipherLabel {
    init(_ cipher: TLSCipher) {
        self =
            switch cipher {
            case .aes128GCM: .aes128GCM
            case .aes256GCM: .aes256GCM
            case .chacha20: .chacha20
            case .ecdsaAES128GCM, .rsaAES128GCM: .ecdheAES128GCM
            case .ecdsaAES256GCM, .rsaAES256GCM: .ecdheAES256GCM
            case .ecdsaChaCha20, .rsaChaCha20: .ecdheChacha20
            case .other: .other
            }
    }
}

extension LegacyOffer {
    init(_ offer: ClientHello.LegacyOffer) {
        self =
            switch offer {
            case .ssl3: .ssl3
            case .tls1_0: .tls10
            case .tls1_1: .tls11
            case .onlyCBC: .onlyCBC
            }
    }
}

extension UpgradeOutcome {
    init(_ result: UpgradeResult) {
        self =
            switch result {
            case .accepted: .accepted
            case .handshake: .badRequest
            case .version: .version
            case .origin: .origin
            case .credentials, .queryToken: .credentials
            case .unavailable: .draining
            }
    }
}
