import BelfryDeflate
import BelfryHTTP
import BelfryJournal
import BelfryLimits
import BelfryObserve
import BelfrySession
import BelfryTLS
import BelfryWebSocket

// From the configuration's words to those of the modules.

extension Configuration {
    var certificateSources: [CertificateSource] {
        tls.pairs.map { CertificateSource(certificateFile: $0.certificate, keyFile: $0.privateKey) }
    }

    /// `nil` when clients are not asked for a certificate.
    var clientAuthoritySource: ClientAuthoritySource? {
        guard !tls.clientCA.isEmpty else { return nil }
        return ClientAuthoritySource(
            file: tls.clientCA, isRequired: tls.clientCertificate == .required)
    }

    var tlsSettings: TLSSettings { TLSSettings(minVersion: tls.minVersion == .tls13 ? .tls1_3 : .tls1_2) }

    var frameLimits: FrameLimits {
        // Centrifuge clients never fragment; 1,024 is generous to proxies that do.
        FrameLimits(messageBytes: UInt32(clamping: client.maxMessage), fragments: 1_024)
    }

    func upgradePolicy() throws(OriginPolicy.InvalidEntry) -> UpgradePolicy {
        UpgradePolicy(
            origins: try OriginPolicy(
                client.origins, allowsMissing: client.allowMissingOrigin, allowsOwn: client.demoPage),
            allowsDeflate: client.compression.isEnabled)
    }

    /// `nil` while compression is off.
    var compressionSettings: CompressionSettings? {
        let compression = client.compression
        guard compression.isEnabled, compression.minSize <= compression.maxSize else { return nil }
        return CompressionSettings(
            level: compression.level, payloadBytes: compression.minSize...compression.maxSize)
    }

    func sessionPolicy(limits: CommandLimits) -> SessionPolicy {
        SessionPolicy(
            channels: ChannelDirectory(
                unnamed: channels.withoutNamespace, namespaces: channels.namespaces),
            isInsecure: client.insecure, allowsAnonymous: client.allowAnonymous, channelsMax: client.channels,
            pingSeconds: Int(client.ping.components.seconds), version: "belfry \(BelfryVersion.number)",
            expiryGraceSeconds: client.expiredGrace.components.seconds,
            // The other half is for what comes meanwhile.
            replyBytesMax: client.maxQueue / 2,
            personalChannel: client.personalChannel.isEnabled
                ? BelfrySession.PersonalChannel(
                    namespace: client.personalChannel.namespace, isSingle: client.personalChannel.isSingle)
                : nil,
            tokensNeedUser: client.disallowAnonymousTokens, limits: limits)
    }

    var journalSettings: JournalSettings {
        var settings = JournalSettings(mode: journal.mode.journalMode)
        settings.queue.auditEntries = journal.auditQueue
        settings.queue.infoEntries = journal.infoQueue
        settings.level = journal.level.priority
        settings.verifyInterval = journal.canary
        settings.chainKey = journal.chainKey?.bytes ?? []
        return settings
    }

    /// Names this configuration in the journal.
    ///
    /// Secrets describe themselves as nothing, so they have no part in it.
    var fingerprint: String {
        // Tables have no order of their own.
        let namespaces = channels.namespaces.sorted { $0.key < $1.key }
        let detectors = alerts.detectors.sorted { $0.key < $1.key }
        var others = alerts
        others.detectors = [:]
        let parts: [Any] = [
            server, tls, auth, client, channels.withoutNamespace, namespaces, limits, broker, history,
            sidePort, api, others, detectors, journal, probe,
        ]
        let text = parts.map { String(describing: $0) }.joined(separator: "\n")
        return Digest.sha256(Array(text.utf8).span).prefix(8).map { Self.hex($0) }.joined()
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

extension Configuration.JournalOptions.Level {
    var priority: Priority {
        switch self {
        case .error: .error
        case .warning: .warning
        case .notice: .notice
        case .info: .info
        case .debug: .debug
        }
    }
}

extension Configuration.JournalOptions.Mode {
    var journalMode: JournalSettings.Mode {
        switch self {
        case .auto: .auto
        case .required: .required
        case .stderr: .stderr
        }
    }
}
