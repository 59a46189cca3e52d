extension Event {
    /// The handshake did not come to an end.
    ///
    /// Aggregated by address and reason.
    ///
    /// - `reason`: from a closed list.
    /// - `sslError`: OpenSSL's own words.
    /// - `alert`: the alert sent or received.
    /// - `offeredMaximum`: the best version the client offered, when its hello could be read.
    /// - `serverName`: what the client asked for; hostile input.
    package static func tlsHandshakeFailed(
        _ connection: ConnectionContext, reason: String, sslError: String?, alert: String?,
        offeredMaximum: String?, serverName: String?, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .tlsHandshakeFailed, connection: connection,
            [
                .text(.reason, reason), .text(.sslError, sslError), .text(.alert, alert),
                .text(.offeredMax, offeredMaximum), .text(.sni, serverName),
            ], at: .init(file, line))
    }

    /// A hello that offers only versions we refuse.
    ///
    /// Aggregated.
    package static func tlsLegacyOffer(
        _ connection: ConnectionContext, offered: String, helloFingerprint: String?,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .tlsLegacyOffer, connection: connection,
            [.text(.offered, offered), .text(.helloFP, helloFingerprint)], at: .init(file, line))
    }

    /// - `sha256`: of the certificate's DER form, hex.
    /// - `notAfter`: seconds since 1970.
    /// - `keyType`: `EC P-256`, `RSA 2048`.
    package static func tlsCertLoaded(
        name: String, sha256: String, notAfter: Int64, keyType: String,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .tlsCertLoaded,
            [
                .text(.name, name), .text(.sha256, sha256), .time(.notAfter, notAfter),
                .text(.keyType, keyType),
            ], at: .init(file, line))
    }

    /// - `daysLeft`: negative when it is over.
    package static func tlsCertExpiring(
        name: String, notAfter: Int64, daysLeft: Int, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .tlsCertExpiring,
            [.text(.name, name), .time(.notAfter, notAfter), .number(.daysLeft, daysLeft)],
            at: .init(file, line))
    }

    package static func tlsTicketsRotated(
        generation: UInt64, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(.tlsTicketsRotated, [.number(.generation, generation)], at: .init(file, line))
    }
}
