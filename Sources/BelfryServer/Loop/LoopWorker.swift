import BelfryBroker
import BelfryBytes
import BelfryHTTP
import BelfryHub
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfryTLS
import BelfryWebSocket

// One loop's share of the server: its connections, its members of channels, and the channels whose home it is.
//
// The way of a message through these files, in order:
//   LoopWorker+Accept     a connection arrives, or is turned away before it costs anything
//   LoopWorker+Handshake  ClientHello gate, TLS
//   LoopWorker+Upgrade    request head, token of the upgrade, 101
//   LoopWorker+Frames     plaintext to WebSocket frames to messages
//   LoopWorker+Session    messages to commands, the session's actions
//   LoopWorker+Hub        to the channel's home and back to the members
//   LoopWorker+Outbound   one TLS write a connection and tick
//   LoopWorker+Close      the end, in order or not
//   LoopWorker+Timers     what happens when nothing happens

/// The connections of one event loop and everything that is theirs.
struct LoopWorker<K: Kernel>: ~Copyable, LoopDelegate {
    typealias LoopKernel = K
    typealias Message = LoopMessage
    typealias LoopReactor = Reactor<K, LoopMessage>

    let index: Int
    let settings: LoopSettings
    let transport: TLSTransport
    var tls: TLSContext
    var observer: LoopObserver
    var connections: SlotTable<Connection>
    var uuids = UUIDSource()
    /// Spreads work over time.
    var spread = SplitMix64(seed: .random(in: 0 ... .max))

    var members = LocalHub()
    var home: HomeHub
    /// When the home's broker is next asked what is due.
    var nextPoll = Instant(nanoseconds: 0)
    /// Mail for the other loops, by index; posted at the end of the tick.
    var outgoing: [[LoopMessage]]

    var frames = FrameTable()
    /// Connections with something to write, each once.
    var touched: [SlotID] = []
    /// Connections whose queue went over its bound in this tick.
    var overfull: [SlotID] = []

    /// Plaintext of the connection whose turn it is.
    var plaintext: [UInt8]
    /// Frames put together for one TLS write.
    var gathered: [UInt8] = []
    var actions: [SessionAction] = []
    var deliveries: [RoutedDelivery] = []
    var tokens: [TokenJob] = []
    /// What the token being judged says about itself, for the audit event of its refusal.
    var evidence: TokenVerdict?

    var drain: DrainPlan?
    var isDone = false

    /// Plaintext one read can bring: four full records.
    static var plaintextBytes: Int { 65_536 }
    /// One TLS record: more in one write would only be cut again (RFC 8446, 5.1).
    static var gatherBytes: Int { 16_384 }

    init(
        index: Int, settings: LoopSettings, tls: TLSContext, transport: TLSTransport, observer: LoopObserver,
        home: HomeHub
    ) {
        self.index = index
        self.settings = settings
        self.tls = tls
        self.observer = observer
        self.home = home
        self.transport = transport
        connections = SlotTable(capacity: settings.connectionsPerLoop)
        outgoing = Array(repeating: [], count: settings.mailboxes.count)
        plaintext = Array(repeating: 0, count: Self.plaintextBytes)
        gathered.reserveCapacity(Self.gatherBytes)
        touched.reserveCapacity(1_024)
    }

    var wantsStop: Bool { isDone }

    func isLive(_ slot: SlotID) -> Bool { connections.contains(slot) }

    mutating func ready(
        _ slot: SlotID, _ readiness: Readiness, reactor: inout LoopReactor
    ) -> Leftover {
        let hungUp = !readiness.isDisjoint(with: [.halfClosed, .hangup])
        transport.beginTurn(at: reactor.now, peerHungUp: hungUp)
        if readiness.contains(.writable), connections[slot].isWriteBlocked { unblock(slot) }
        switch connections[slot].phase {
        // Being registered tells that a socket takes bytes, mostly before its client's first have come.
        case .hello where readiness == .writable: return .drained
        case .hello: return readHello(slot, hasHungUp: hungUp, reactor: &reactor)
        case .handshake: return continueHandshake(slot, reactor: &reactor)
        case .head: return readHead(slot, reactor: &reactor)
        case .authorizing:
            connections[slot].tls?.skipReadiness()
            return .drained
        case .open, .closing: return readFrames(slot, reactor: &reactor)
        case .lingering: return discardInput(slot, reactor: &reactor)
        }
    }

    mutating func receive(_ message: LoopMessage, reactor: inout LoopReactor) {
        switch message {
        case .request(let request): serveHome(request, reactor: &reactor)
        case .delivery(let delivery): deliver(delivery, reactor: &reactor)
        case .verified(let verdicts):
            for verdict in verdicts { judge(verdict, reactor: &reactor) }
        case .reload(let material): reload(material)
        case .connections(let survey): answer(survey, reactor: &reactor)
        case .drain(let duration): beginDrain(over: duration, reactor: &reactor)
        case .retryMail: break
        }
    }

    /// Tokens are verified before messages are delivered, so that a subscription asked for together with the connection
    /// is answered in the same tick, and both answers make one record.
    mutating func connectionsServed(reactor: inout LoopReactor) { handInTokens(reactor: &reactor) }

    mutating func endOfTick(reactor: inout LoopReactor) {
        handInTokens(reactor: &reactor)
        pollHome(reactor: &reactor)
        for slot in overfull { closeSlowConsumer(slot, reactor: &reactor) }
        overfull.removeAll(keepingCapacity: true)
        flushTouched(reactor: &reactor)
        postMail(reactor: &reactor)
        if drain != nil { continueDrain(reactor: &reactor) }
    }

    mutating func publish(_ counters: LoopCounters) {
        observer.tick(
            counters, wireIn: transport.bytesReceived, wireOut: transport.bytesSent, rooms: home.channelCount,
            memberships: members.membershipCount)
    }

    mutating func acceptPaused(_ notice: AcceptPauseNotice) { observer.acceptPaused(notice) }

    /// Stored publications outlive the process: their age is told by the wall clock.
    var wallTime: WallTime { WallTime(milliseconds: settings.unixSeconds() &* 1_000) }

    /// The wall clock and the loop's clock, as sessions want them.
    func clock(_ reactor: borrowing LoopReactor) -> SessionClock {
        SessionClock(monotonic: reactor.now, unixSeconds: settings.unixSeconds())
    }
}
