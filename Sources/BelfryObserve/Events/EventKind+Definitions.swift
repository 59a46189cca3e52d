extension EventKind {
    /// The table, in the order of `ops/journal-events.md`; long because there are 50 rows and no branch.
    static func define(_ kind: EventKind) -> EventDefinition {
        switch kind {
        case .serviceStart:
            .audit(
                "service.start", "7ac415293c024db1a1b5950ae7267d38", .notice, owasp: .startup,
                "Belfry {VERSION} starts",
                fields: [.version, .commit, .openssl, .configHash, .pid1])
        case .serviceReady:
            .audit(
                "service.ready", "e84ee5cb77cf4d5982f377e185919145", .notice, owasp: .startup,
                "Ready on {LISTENERS}",
                fields: [.listeners, .startupMS, .activated])
        case .serviceStopping:
            .audit(
                "service.stopping", "d7cd98934ae84176b951155da10fe672", .notice, owasp: .shutdown,
                "Stopping on {SIGNAL}, {OPEN_CONNS} connections open",
                fields: [.signal, .openConns, .drainSec])
        case .serviceStopped:
            .audit(
                "service.stopped", "85af0ad959d14bddade74a4ae39a3c43", .notice, owasp: .shutdown,
                "Stopped after {UPTIME_SEC} s; the last audit entry is {AUDIT_LAST_SEQ}",
                fields: [.uptimeSec, .connsTotal, .msgsTotal, .auditLastSeq, .clean])
        case .configLoaded:
            .audit(
                "config.loaded", "a62b03ac3c944c68b4875534b96856ae", .notice,
                "Configuration {CONFIG_HASH} loaded",
                fields: [.configHash, .changedKeys, .restartKeys])
        case .configRejected:
            .audit(
                "config.rejected", "51704f6e8cff42c9a6df03355a89f77d", .error,
                "Configuration {FILE} rejected: {ERROR}",
                fields: [.file, .line, .error])
        case .logLevelChanged:
            .audit(
                "log.level_changed", "a6af0478ce484a218100c8419c5d2426", .warning, owasp: .monitorDisabled,
                "Log level changed from {FROM} to {TO} by {BY}",
                fields: [.from, .to, .by])
        case .listenerOpen:
            .info(
                "listener.open", "b4a83c0c6f6245de817249ea3a617382", .notice,
                "Listening on {ADDR}",
                fields: [.addr, .fdName, .backlog])
        case .listenerError:
            .info(
                "listener.error", "667f29ee14354f928d7e89ca27e2e119", .error,
                "Cannot listen or accept on {ADDR}: errno {ERRNO}",
                fields: [.addr, .errno])
        case .connOpen:
            .info(
                "conn.open", "5773c7db06d2494fb99de210bbe9285a", .info,
                "Connection from {PEER_ADDR} open, {TLS_VERSION}", contexts: .connection,
                fields: [.tlsVersion, .cipher, .alpn, .resumed, .helloFP, .clientCert, .handshakeUS])
        case .connClose:
            .audit(
                "conn.close", "f83897f3437b49e58cfce5c96aab25e0", .info,
                "Connection from {PEER_ADDR} closed by {BY}: {REASON}", contexts: [.connection, .subject],
                fields: [
                    .by, .phase, .reason, .wsCode, .durationMS, .msgsIn, .msgsOut, .bytesIn, .bytesOut,
                    .queueMax, .rttMS, .glitches, .roomsMax,
                ])
        case .connRejected:
            .audit(
                "conn.rejected", "15acb0ffc83c41ae804d6b7682763941", .notice, owasp: .excessSessions,
                "Connection from {PEER_ADDR} rejected: {REASON}",
                fields: [.peerAddr, .reason, .limit, .current, .count])
        case .tlsHandshakeFailed:
            .info(
                "tls.handshake_failed", "f8d06acd78724cdc9e681aea11316ada", .notice,
                "TLS handshake with {PEER_ADDR} failed: {REASON}", contexts: .connection,
                fields: [.reason, .sslError, .alert, .offeredMax, .sni, .count])
        case .tlsLegacyOffer:
            .audit(
                "tls.legacy_offer", "948fd0ee079c48e4a68a6ff493393dec", .notice,
                "{PEER_ADDR} offers nothing better than {OFFERED}", contexts: .connection,
                fields: [.offered, .helloFP, .count])
        case .tlsCertLoaded:
            .audit(
                "tls.cert_loaded", "9c2432c0aa654a219d3aa16082900bdb", .notice,
                "Certificate {NAME} loaded, valid until {NOT_AFTER}",
                fields: [.name, .sha256, .notAfter, .keyType])
        case .tlsCertExpiring:
            .audit(
                "tls.cert_expiring", "5c7b9828294742ac870d5b9541dd22d5", .warning,
                "Certificate {NAME} expires in {DAYS_LEFT} days",
                fields: [.name, .notAfter, .daysLeft])
        case .tlsTicketsRotated:
            .info(
                "tls.tickets_rotated", "0fb53e90f10f42a188c2dcd037d1ff24", .info,
                "TLS ticket key generation {GENERATION} in use",
                fields: [.generation])
        case .wsUpgradeRejected:
            .info(
                "ws.upgrade_rejected", "6882e445921e462aa0b5a7cef030fa6b", .notice, owasp: .invalidInput,
                "Upgrade from {PEER_ADDR} refused with {STATUS}: {REASON}", contexts: .connection,
                fields: [.status, .reason, .origin, .count])
        case .wsProtocolError:
            .info(
                "ws.protocol_error", "974cbb7f01cf4c73ac1579dfd9a46bb7", .notice, owasp: .malicious,
                "{PEER_ADDR} broke the protocol: {KIND}", contexts: [.connection, .subject],
                fields: [.kind, .wsCode, .count])
        case .authSuccess:
            .audit(
                "auth.success", "9fa6d376c5034a86a5ca9444dd4e8bac", .info, owasp: .loginSuccess,
                "Subject {SUBJECT} authenticated from {PEER_ADDR}", contexts: [.connection, .subject],
                fields: [.alg, .expiresAt, .method])
        case .authFailure:
            .audit(
                "auth.failure", "631f883847044cbeb4826873db672eb8", .notice, owasp: .loginFail,
                "Authentication from {PEER_ADDR} failed: {REASON}", contexts: .connection,
                fields: [.reason, .alg, .kid, .iss, .subject, .count])
        case .authExpiredSession:
            .audit(
                "auth.expired_session", "48c13886263c4652bc988634e9d809a6", .info, owasp: .sessionExpired,
                "Session of {SUBJECT} expired at {EXPIRED_AT}", contexts: [.connection, .subject],
                fields: [.expiredAt])
        case .authTokenReuse:
            .audit(
                "auth.token_reuse", "e2b3e4ee7e12461fa86f949f6a0a51f9", .warning, owasp: .tokenReuse,
                "One token of {SUBJECT} is in use from several networks: {NETS}", contexts: .subject,
                fields: [.nets, .firstConn, .overlapSec])
        case .authRevoked:
            .audit(
                "auth.revoked", "b6808922f8a640a1aad70e0156e4e7e5", .notice, owasp: .tokenRevoked,
                "{BY} keeps out by {KIND}, {CLOSED_CONNS} connections closed",
                fields: [.subject, .jtiHash, .by, .kind, .addr, .expiresAt, .durable, .closedConns])
        case .authRestored:
            .audit(
                "auth.restored", "6337b6deb1e24881ba79c6da5d5f584d", .notice,
                "{BY} no longer keeps out by {KIND}", fields: [.subject, .jtiHash, .by, .kind, .addr])
        case .authGuestToken:
            .audit(
                "auth.guest_token", "9eb7f2c70b1841d48a82d0598e6f3500", .notice,
                "{PEER_ADDR} got a token as the guest {SUBJECT}", contexts: [.connection, .subject],
                fields: [.expiresAt])
        case .authKeysLoaded:
            .audit(
                "auth.keys_loaded", "77448a9d6ab24a8dac53433b7b61683c", .notice,
                "Verification keys loaded from {SOURCE}",
                fields: [.kids, .source])
        case .authKeysFailed:
            .audit(
                "auth.keys_failed", "a72f3e7121e84272a8d797aaef17eddf", .error,
                "Verification keys from {SOURCE} not loaded: {ERROR}",
                fields: [.source, .error, .ageSec])
        case .authzDenied:
            .audit(
                "authz.denied", "fee559ee739646c89cbd9797b4b4c946", .notice, owasp: .authorizationFail,
                "Subject {SUBJECT} may not {ACTION}: {REASON}", contexts: [.connection, .subject],
                fields: [.action, .reason, .roomHash])
        case .ratelimitEngaged:
            .audit(
                "ratelimit.engaged", "dd2742067ee64797abf421e3b9fcd42d", .notice, owasp: .excessRate,
                "Limit {SCOPE} engaged for {SUBJECT}: {RATE} over {LIMIT}", contexts: .subject,
                fields: [.scope, .limit, .rate])
        case .ratelimitReleased:
            .info(
                "ratelimit.released", "459da6c1d38d4633816a189cef71b2d6", .info, owasp: .excessRate,
                "Limit {SCOPE} released for {SUBJECT} after {DENIED} refusals", contexts: .subject,
                fields: [.scope, .denied, .durationMS])
        case .ratelimitDisconnect:
            .audit(
                "ratelimit.disconnect", "4b89d2e793174f95823c08ec1c2e2bd6", .warning, owasp: .excessRate,
                "Subject {SUBJECT} disconnected after {DENIED} refusals", contexts: [.connection, .subject],
                fields: [.denied])
        case .consumerSlow:
            .info(
                "consumer.slow", "298c3d4a3777499cb43f9c7e9abdc32f", .notice,
                "{PEER_ADDR} reads too slowly: {QUEUE_BYTES} bytes wait, action {ACTION}",
                contexts: [.connection, .subject],
                fields: [.queueBytes, .oldestMS, .action])
        case .messageDropped:
            .info(
                "message.dropped", "5bbeb9965051421285b45d5b4ec3cd61", .notice,
                "{COUNT} messages dropped: {REASON}",
                fields: [.reason, .count, .roomHash])
        case .positionLost:
            .info(
                "position.lost", "eb29c6642b944940ad97ef56dcc9a566", .notice,
                "{COUNT} subscriptions missed publications: {REASON}",
                fields: [.reason, .count, .roomHash])
        case .historyShed:
            .info(
                "history.shed", "ba89cb8021764ec8a36829b47d495b52", .warning,
                "History of {COUNT} entries ({KIND}) dropped before its time: memory is short",
                fields: [.kind, .count])
        case .overloadChanged:
            .audit(
                "overload.changed", "f2862756d19e44a7aa15c532f50d65d3", .warning,
                "Overload on {RESOURCE}: pressure {PRESSURE}, action {ACTION}",
                fields: [.resource, .pressure, .action, .enter])
        case .alertFiring:
            .audit(
                "alert.firing", "54eb484ad0aa4f0ea56d15db0a166eee", .warning,
                "{ALERT} fires: {SUMMARY}",
                fields: [
                    .alert, .fingerprint, .key, .observed, .expected, .unit, .limit, .window, .detector,
                    .summary, .documentation,
                ])
        case .alertResolved:
            .audit(
                "alert.resolved", "24841f7121434932a22bf1b8fbb98eb4", .notice,
                "{ALERT} resolved after {DURATION_SEC} s",
                fields: [.alert, .fingerprint, .durationSec, .peak])
        case .alertDeliveryFailed:
            .info(
                "alert.delivery_failed", "eef8d50c44d0439791e380d3234e3435", .warning,
                "Alert not delivered to {RECEIVER} after {ATTEMPTS} attempts",
                fields: [.receiver, .status, .attempts])
        case .clockStepped:
            .info(
                "clock.stepped", "d2168d6bcb5046d7992d4c323f4f6c57", .warning,
                "The time of day has jumped {KIND} by {DURATION_MS} ms",
                fields: [.kind, .durationMS])
        case .probeFailed:
            .info(
                "probe.failed", "ea0129c1629248339a7d327deb279484", .warning,
                "The relay does not reach itself through its public port: {ERROR}",
                fields: [.phase, .error, .attempts])
        case .probePassed:
            .info(
                "probe.passed", "2b7ba0231c16493ab0d01581808ee210", .notice,
                "The relay reaches itself again after {DURATION_SEC} s",
                fields: [.durationSec])
        case .adminRequest:
            .audit(
                "admin.request", "b9eec82acbb343bf87afca071976124a", .notice,
                "{METHOD} {PATH} by {ACTOR}: {STATUS}",
                fields: [.peerAddr, .method, .path, .status, .actor])
        case .tapOpened:
            .audit(
                "tap.opened", "1043176350f1491f87696ebe42b2e2cf", .notice,
                "{ACTOR} follows a {KIND} live ({SCOPE})",
                fields: [.peerAddr, .actor, .kind, .subject, .roomHash, .scope])
        case .tapClosed:
            .audit(
                "tap.closed", "58df3d39ca814c5bae7139bf8ba5e6d1", .notice,
                "{ACTOR} no longer follows a {KIND}, after {DURATION_SEC} s and {MSGS_OUT} entries",
                fields: [.peerAddr, .actor, .kind, .subject, .roomHash, .scope, .durationSec, .msgsOut])
        case .storeOpened:
            .info(
                "store.opened", "6f7a4ec755e64eb5bf899dc8e2ef0c5c", .notice,
                "{STREAMS} histories with {PUBLICATIONS} publications loaded from {FILE}",
                fields: [.file, .streams, .publications, .renewed, .shed])
        case .storeFailed:
            .audit(
                "store.failed", "18133efcf94a42729a1ced43c3014625", .error,
                "Nothing can be stored: {ERROR}",
                fields: [.file, .error])
        case .storeHealed:
            .audit(
                "store.healed", "f9ba6253717540968b187c82600ecb6b", .notice,
                "{FILE} takes changes again after {DURATION_MS} ms and {DENIED} refusals",
                fields: [.file, .durationMS, .denied])
        case .journalGap:
            .audit(
                "journal.gap", "be1ac996dc124e03832d615df900f805", .error, owasp: .monitorDisabled,
                "{LOST} journal entries lost ({BY_REASON})",
                fields: [.lost, .byReason, .fromSeq, .toSeq])
        }
    }
}
