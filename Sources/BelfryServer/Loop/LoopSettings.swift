import BelfryDeflate
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
    /// The chat page in place of the plain one.
    var demo: DemoPage?
    var frameLimits: FrameLimits
    /// `nil` while compression is off.
    var compression: CompressionSettings?
    var limits: LimitPolicy
    var limitKeys: LimitKeyMaker
    var budgets: SharedLimits
    /// Connections by address.
    var addresses: ConnectionCounts
    var tokens: TokenDesk
    /// Who is not let in, as it stands at the start; changes come by mail.
    var denials: DenyDesk
    var traffic: TrafficSettings
    var mailboxes: [Mailbox<LoopMessage>]
    var desks: CallDesks
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
    private let refuses = Atomic<Bool>(false)

    init(limit: Int) { self.limit = limit }

    var count: Int { open.load(ordering: .relaxed) }

    /// Nobody new is let in, whatever the count.
    var refusesAll: Bool {
        get { refuses.load(ordering: .relaxed) }
        set { refuses.store(newValue, ordering: .relaxed) }
    }

    func admit() -> Bool {
        let count = open.add(1, ordering: .relaxed).newValue
        guard count > limit else { return true }
        open.subtract(1, ordering: .relaxed)
        return false
    }

    func release() { open.subtract(1, ordering: .relaxed) }
}
