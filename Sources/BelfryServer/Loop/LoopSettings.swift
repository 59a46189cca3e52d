import BelfryHTTP
import BelfryLimits
import BelfryReactor
import BelfrySession
import BelfryTLS
import BelfryWebSocket
import Synchronization

/// What a connection is served with.
enum Application: Sendable {
    /// The Centrifuge protocol.
    case relay(SessionPolicy)
    /// Every message back to its sender, for conformance suites.
    case echo
}

/// What all loops share and none changes.
struct LoopSettings: Sendable {
    var application: Application
    var upgrade: UpgradePolicy
    var frameLimits: FrameLimits
    var limits: LimitPolicy
    var limitKeys: LimitKeyMaker
    var budgets: SharedLimits
    /// Connections by address.
    var addresses: ConnectionCounts
    var tokens: TokenDesk
    var mailboxes: [Mailbox<LoopMessage>]
    /// Connections of the whole process, and how many there may be.
    var admission: ConnectionAdmission
    var connectionsPerLoop: Int

    var handshakeTimeout: Duration
    var connectDeadline: Duration
    var pingInterval: Duration
    var pongTimeout: Duration
    var writeDeadline: Duration
    /// Bytes that may wait for one connection.
    var queueBytesMax: Int
    /// Commands one message may hold.
    var commandsPerMessage: Int
    var unixSeconds: @Sendable () -> Int64
    var tls: TLSSettings
    var tickets: TicketKeys

    /// A loop's own context: each loop has its own OpenSSL library context, so that they share no lock.
    func makeTLSContext(
        _ material: TLSMaterial, replacing previous: TLSContext? = nil
    ) throws(CertificateError) -> TLSContext {
        try TLSContext(material: material, settings: tls, tickets: tickets, replacing: previous)
    }
}

/// Counts the connections of all loops against the process's bound.
final class ConnectionAdmission: Sendable {
    let limit: Int
    private let open = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    var count: Int { open.load(ordering: .relaxed) }

    func admit() -> Bool {
        let count = open.add(1, ordering: .relaxed).newValue
        guard count > limit else { return true }
        open.subtract(1, ordering: .relaxed)
        return false
    }

    func release() { open.subtract(1, ordering: .relaxed) }
}
