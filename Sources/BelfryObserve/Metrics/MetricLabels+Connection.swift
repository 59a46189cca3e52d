/// Where an open connection stands.
///
/// Each is counted in exactly one stage.
@frozen public enum ConnectionStage: UInt8, MetricLabel {
    /// From accept to the end of the TLS handshake.
    case tls
    /// Until the upgrade is answered.
    case http
    /// Until the connect command has been accepted.
    case auth
    case active
    /// Our close frame or last answer is on its way.
    case closing
}

/// Why a connection was closed before TLS.
@frozen public enum AcceptRefusal: UInt8, MetricLabel {
    case maxConnections
    case perSource
    case overload
    /// No descriptors left.
    case descriptors
    case draining
    /// From a network that an operator keeps out.
    case blocked
    /// The connection was gone, or its socket could not be set up.
    case error
}

/// Who ended a connection first.
@frozen public enum ClosedBy: UInt8, MetricLabel {
    case client
    case server
}

/// Why a connection ended: the closed list of the close counter and of the close event.
@frozen public enum CloseReason: UInt8, MetricLabel {
    /// 1000, 1001 or a close frame without a code; 3000 from us.
    case normal
    case shutdown
    /// The handshake failed; the TLS failure counter says why.
    case tls
    /// Answered over HTTP without an upgrade; the request counter says how.
    case http
    case protocolError
    case tooBig
    /// A token refused, or no right to be here.
    case credentials
    /// The token ran out and no fresh one came.
    case expired
    /// No connect command in time.
    case stale
    /// Too many connections of one user, or channels of one connection.
    case limit
    /// Kept on sending after rate limits refused it.
    case rate
    /// Reads slower than we may wait.
    case slow
    case noPong
    /// An operator or a lost position asked for it.
    case forced
    /// The peer or the network went away without a close frame.
    case lost
    case `internal`
}

extension CloseReason {
    /// What a WebSocket close code means (RFC 6455, 7.4; Centrifuge's codes, protocol.md 15), whoever sent
    /// it.
    public init(closeCode: UInt16) {
        self =
            switch closeCode {
            case 1000, 1001, 1005, 3000: .normal
            case 1006: .lost
            case 1009: .tooBig
            case 1002, 1003, 1007, 1010, 3501, 3506, 3509: .protocolError
            case 3001, 1012: .shutdown
            case 3005, 3006: .expired
            case 3008, 3009: .slow
            case 3010, 3011, 3014, 3503: .forced
            case 3012: .noPong
            case 1013, 3013: .rate
            case 3500, 3507, 1008: .credentials
            case 3502: .stale
            case 3504, 3505: .limit
            case 1011, 3004, 3508: .internal
            default: closeCode < 3000 ? .protocolError : .normal  // an application's own code ends in order
            }
    }
}

/// Odd but tolerated behaviour.
///
/// One alone says nothing; many from one source do.
@frozen public enum Glitch: UInt8, MetricLabel {
    /// The TCP end came without TLS close_notify.
    case truncatedTls
    case dataAfterClose
    case unsolicitedPong
    case emptyFragment
    /// Centrifuge clients never ping; others may.
    case clientPing
    /// Bytes after the upgrade request, before our answer.
    case earlyData
    case keyUpdate
    /// A frame without any command, or a blank line between commands.
    case emptyCommand
}
