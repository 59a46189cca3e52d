/// Every field name that Belfry may write with its own prefix.
///
/// Journald drops a badly named field without a word, so names are never built from input: they are this list.
package enum JournalField: String, CaseIterable, Sendable {
    // On every entry, written by `EventEncoder`.
    case event = "EVENT"
    case owasp = "OWASP"
    case schema = "SCHEMA"
    case seq = "SEQ"
    case time = "TIME"
    case truncated = "TRUNCATED"

    // On audit entries in the journal, written by `ChainWriter`; all but the first on a process's first one only.
    case chain = "CHAIN"
    case chainBefore = "CHAIN_BEFORE"
    case chainKey = "CHAIN_KEY"
    case chainStart = "CHAIN_START"

    // `ConnectionContext` and `SubjectContext`.
    case connID = "CONN_ID"
    case peerAddr = "PEER_ADDR"
    case peerPort = "PEER_PORT"
    case listener = "LISTENER"
    case subject = "SUBJECT"
    case jtiHash = "JTI_HASH"
    case kid = "KID"
    case iss = "ISS"

    // Of single kinds; `EventDefinition.details` says which.
    case action = "ACTION"
    case activated = "ACTIVATED"
    case actor = "ACTOR"
    case addr = "ADDR"
    case ageSec = "AGE_SEC"
    case alert = "ALERT"
    case alg = "ALG"
    case alpn = "ALPN"
    case attempts = "ATTEMPTS"
    case auditLastSeq = "AUDIT_LAST_SEQ"
    case backlog = "BACKLOG"
    case by = "BY"
    case byReason = "BY_REASON"
    case bytesIn = "BYTES_IN"
    case bytesOut = "BYTES_OUT"
    case changedKeys = "CHANGED_KEYS"
    case cipher = "CIPHER"
    case clean = "CLEAN"
    case clientCert = "CLIENT_CERT"
    case closedConns = "CLOSED_CONNS"
    case commit = "COMMIT"
    case configHash = "CONFIG_HASH"
    case connsTotal = "CONNS_TOTAL"
    case count = "COUNT"
    case current = "CURRENT"
    case daysLeft = "DAYS_LEFT"
    case denied = "DENIED"
    case detector = "DETECTOR"
    case documentation = "DOCUMENTATION"
    case drainSec = "DRAIN_SEC"
    case durationMS = "DURATION_MS"
    case durable = "DURABLE"
    case durationSec = "DURATION_SEC"
    case enter = "ENTER"
    case errno = "ERRNO"
    case error = "ERROR"
    case expected = "EXPECTED"
    case expiredAt = "EXPIRED_AT"
    case expiresAt = "EXPIRES_AT"
    case fdName = "FD_NAME"
    case file = "FILE"
    case fingerprint = "FINGERPRINT"
    case firstConn = "FIRST_CONN"
    case from = "FROM"
    case fromSeq = "FROM_SEQ"
    case generation = "GENERATION"
    case glitches = "GLITCHES"
    case handshakeUS = "HANDSHAKE_US"
    case helloFP = "HELLO_FP"
    case key = "KEY"
    case keyType = "KEY_TYPE"
    case kids = "KIDS"
    case kind = "KIND"
    case limit = "LIMIT"
    case line = "LINE"
    case listeners = "LISTENERS"
    case lost = "LOST"
    case method = "METHOD"
    case msgsIn = "MSGS_IN"
    case msgsOut = "MSGS_OUT"
    case msgsTotal = "MSGS_TOTAL"
    case name = "NAME"
    case nets = "NETS"
    case notAfter = "NOT_AFTER"
    case observed = "OBSERVED"
    case offered = "OFFERED"
    case offeredMax = "OFFERED_MAX"
    case oldestMS = "OLDEST_MS"
    case openConns = "OPEN_CONNS"
    case openssl = "OPENSSL"
    case origin = "ORIGIN"
    case overlapSec = "OVERLAP_SEC"
    case path = "PATH"
    case peak = "PEAK"
    case phase = "PHASE"
    case pid1 = "PID1"
    case pressure = "PRESSURE"
    case queueBytes = "QUEUE_BYTES"
    case queueMax = "QUEUE_MAX"
    case publications = "PUBLICATIONS"
    case rate = "RATE"
    case reason = "REASON"
    case receiver = "RECEIVER"
    case renewed = "RENEWED"
    case resource = "RESOURCE"
    case restartKeys = "RESTART_KEYS"
    case resumed = "RESUMED"
    case roomHash = "ROOM_HASH"
    case roomsMax = "ROOMS_MAX"
    case rttMS = "RTT_MS"
    case scope = "SCOPE"
    case sha256 = "SHA256"
    case shed = "SHED"
    case signal = "SIGNAL"
    case sni = "SNI"
    case source = "SOURCE"
    case sslError = "SSL_ERROR"
    case startupMS = "STARTUP_MS"
    case status = "STATUS"
    case streams = "STREAMS"
    case summary = "SUMMARY"
    case tlsVersion = "TLS_VERSION"
    case to = "TO"
    case toSeq = "TO_SEQ"
    case unit = "UNIT"
    case uptimeSec = "UPTIME_SEC"
    case version = "VERSION"
    case window = "WINDOW"
    case wsCode = "WS_CODE"

    /// The name as it stands in the journal.
    package var journalName: String { "BELFRY_" + rawValue }

    /// On every entry, or on every one it fits; part of no kind's own list.
    package static let common: [JournalField] = [
        .event, .owasp, .schema, .seq, .time, .truncated, .chain, .chainBefore, .chainKey, .chainStart,
    ]

    /// The largest value in bytes.
    ///
    /// Journald keeps longer ones, but journalctl prints a field of more than
    /// 4 KiB as null; 2 KiB holds any reason a person will read, 256 bytes any identifier.
    package var limit: Int {
        switch self {
        case .error, .reason, .sslError, .summary, .documentation, .changedKeys, .restartKeys, .listeners,
            .truncated:
            2048
        default: 256
        }
    }
}
