extension Event {
    /// The TLS handshake is done.
    ///
    /// - `version`: `TLSv1.3`.
    /// - `helloFingerprint`: what distinguishes client libraries; not a secret, not an identity.
    /// - `clientCertificate`: SHA-256 of the client's certificate, hex; nil when it showed none.
    package static func connOpen(
        _ connection: ConnectionContext, version: String, cipher: String, alpn: String?, resumed: Bool,
        helloFingerprint: String?, clientCertificate: String? = nil, handshake: Duration,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .connOpen, connection: connection,
            [
                .text(.tlsVersion, version), .text(.cipher, cipher), .text(.alpn, alpn),
                .flag(.resumed, resumed),
                .text(.helloFP, helloFingerprint), .text(.clientCert, clientCertificate),
                .microseconds(.handshakeUS, handshake),
            ], at: .init(file, line))
    }

    /// The one wide entry from which a connection can be audited alone.
    package static func connClose(
        _ connection: ConnectionContext, subject: SubjectContext?, _ summary: ConnectionSummary,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(.connClose, connection: connection, subject: subject, summary.details, at: .init(file, line))
    }

    /// Refused before TLS.
    ///
    /// Aggregated by address and reason.
    ///
    /// - `limit`: the configured bound that was met, where the reason has one.
    /// - `current`: what stood against it.
    package static func connRejected(
        peerAddress: String, reason: String, limit: UInt64?, current: UInt64?,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .connRejected,
            [
                .text(.peerAddr, peerAddress), .text(.reason, reason), .number(.limit, limit),
                .number(.current, current),
            ], at: .init(file, line))
    }

    /// The request for a WebSocket was answered with something other than 101.
    ///
    /// Aggregated.
    package static func wsUpgradeRejected(
        _ connection: ConnectionContext, status: Int, reason: String, origin: String?,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .wsUpgradeRejected, connection: connection,
            [.number(.status, status), .text(.reason, reason), .text(.origin, origin)], at: .init(file, line))
    }

    /// The peer broke RFC 6455 or the client protocol.
    ///
    /// Aggregated.
    ///
    /// - `kind`: the name of the crime, from a closed list.
    package static func wsProtocolError(
        _ connection: ConnectionContext, subject: SubjectContext?, kind: String, closeCode: UInt16,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .wsProtocolError, connection: connection, subject: subject,
            [.text(.kind, kind), .number(.wsCode, closeCode)], at: .init(file, line))
    }
}

/// The life of one connection in numbers, as `conn.close` states it.
package struct ConnectionSummary: Sendable {
    package enum Side: String, Sendable {
        case client
        case server
    }

    /// Who ended it.
    package var closedBy: Side
    /// How far it had come: `tls`, `http`, `websocket`, `session`.
    package var phase: String
    /// From a closed list.
    package var reason: String
    /// The close code sent or received; nil when no close frame passed.
    package var closeCode: UInt16?
    package var duration: Duration
    package var messagesIn: UInt64 = 0
    package var messagesOut: UInt64 = 0
    /// Plaintext bytes, both ways.
    package var bytesIn: UInt64 = 0
    package var bytesOut: UInt64 = 0
    /// The most that ever waited for this client, in bytes.
    package var queueMaximum: UInt64 = 0
    /// The last measured ping; nil when no pong came.
    package var roundTrip: Duration?
    /// Small violations that were forgiven.
    package var glitches: UInt64 = 0
    package var roomsMaximum: UInt64 = 0

    package init(closedBy: Side, phase: String, reason: String, closeCode: UInt16?, duration: Duration) {
        self.closedBy = closedBy
        self.phase = phase
        self.reason = reason
        self.closeCode = closeCode
        self.duration = duration
    }

    var details: [Event.Detail?] {
        [
            .text(.by, closedBy.rawValue), .text(.phase, phase), .text(.reason, reason),
            .number(.wsCode, closeCode), .milliseconds(.durationMS, duration),
            .number(.msgsIn, messagesIn), .number(.msgsOut, messagesOut),
            .number(.bytesIn, bytesIn), .number(.bytesOut, bytesOut),
            .number(.queueMax, queueMaximum), .milliseconds(.rttMS, roundTrip),
            .number(.glitches, glitches), .number(.roomsMax, roomsMaximum),
        ]
    }
}
