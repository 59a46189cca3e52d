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
//   LoopWorker+Compression  and back to plain ones, for clients that agreed on it
//   LoopWorker+Session    messages to commands, the session's actions
//   LoopWorker+Hub        to the channel's home and back to the members
//   LoopWorker+Errands    what the server API wants of connections
//   LoopWorker+Traffic    what the detectors look at
//   LoopWorker+Outbound   one TLS write a connection and tick
//   LoopWorker+Close      the end, in order or not
//   LoopWorker+Deny       who is not let in, and who has to go
//   LoopWorker+Timers     what happens when nothing happens
//   LoopWorker+Tap        what an operator who follows a user or a channel is shown of all that

/// The connections of one event loop and everything that is theirs.
struct LoopWorker<K: Kernel>: ~Copyable, LoopDelegate {
    typealias LoopKernel = K
    typealias Message = LoopMessage
    typealias LoopReactor = Reactor<K, LoopMessage>

    let index: Int
    let settings: LoopSettings
    let transport: TLSTransport
    /// `nil` while compression is off.
    let compression: LoopCompression?
    var tls: TLSContext
    var observer: LoopObserver
    var traffic: LoopTraffic
    /// Not the observer's: that is copied on the way of every delivery, and this holds arrays.
    var fingerprints = FingerprintMemo()
    var connections: SlotTable<Connection>
    var uuids = UUIDSource()
    /// Spreads work over time.
    var spread = SplitMix64(seed: .random(in: 0 ... .max))

    var members = LocalHub()
    var home: HomeHub
    /// When the home's broker is next asked what is due.
    var nextPoll = Instant(nanoseconds: 0)
    /// What its histories took when that was last told.
    var historyTold = HistoryUsage()
    /// Mail for the other loops, by index; posted at the end of the tick.
    var outgoing: [[LoopMessage]]

    var frames = FrameTable()
    /// Connections with something to write, each once.
    var touched: [SlotID] = []
    /// When the write before ended, or the flush of this tick began: what a write took without a clock of its own.
    var wroteAt = Instant(nanoseconds: 0)
    /// Of this tick's deliveries.
    var slowest: (slot: SlotID, latency: Duration)?
    var nextExemplar = Instant(nanoseconds: 0)
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

    /// Connections that came since the heap was last grown.
    var arrivals = 0

    /// Who is not let in.
    var denials: DenySnapshot
    /// Whom operators follow live; empty but for a few minutes a month.
    var taps = TapSet()
    var drain: DrainPlan?
    var isDone = false

    /// Plaintext one read can bring: four full records.
    static var plaintextBytes: Int { 65_536 }
    /// One TLS record: more in one write would only be cut again (RFC 8446, 5.1).
    static var gatherBytes: Int { 16_384 }

    init(
        index: Int, settings: LoopSettings, tls: TLSContext, transport: TLSTransport, observer: LoopObserver,
        home: HomeHub, compression: LoopCompression?
    ) {
        self.index = index
        self.settings = settings
        self.tls = tls
        self.observer = observer
        traffic = LoopTraffic(settings.traffic, observer.pseudonym)
        self.home = home
        self.transport = transport
        denials = settings.denials.snapshot
        self.compression = compression
        connections = SlotTable(capacity: settings.connectionsPerLoop)
        outgoing = Array(repeating: [], count: settings.mailboxes.count)
        plaintext = Array(repeating: 0, count: Self.plaintextBytes)
        gathered.reserveCapacity(Self.gatherBytes)
        touched.reserveCapacity(1_024)
    }

    var wantsStop: Bool { isDone }

    func isLive(_ slot: SlotID) -> Bool { connections.contains(slot) }

    /// Those that chat before those that come: a storm of handshakes, each of 0.3 ms, then delays no message by more
    /// than the tick it arrived in.
    func stage(of slot: SlotID) -> Int {
        switch connections[slot].phase {
        case .open, .closing, .lingering, .authorizing: connections[slot].isAdmitted ? 0 : 1
        case .handshake, .head: 2
        case .hello: 3
        }
    }

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
        case .brokerReady: hearBroker(reactor: &reactor)
        case .verified(let verdicts):
            for verdict in verdicts { judge(verdict, reactor: &reactor) }
        case .reload(let material): reload(material)
        case .connections(let survey): answer(survey, reactor: &reactor)
        case .deny(let notice): take(notice, reactor: &reactor)
        case .errand(let errand): run(errand, reactor: &reactor)
        case .traffic(let inbox): handOverTraffic(to: inbox)
        case .watchTraffic(let isOn): traffic.watch(isOn)
        case .tap(let notice): take(notice, reactor: &reactor)
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
        if let compression { observer.compressed(sent: compression.sent, received: compression.received) }
    }

    mutating func acceptPaused(_ notice: AcceptPauseNotice) { observer.acceptPaused(notice) }

    /// Stored publications outlive the process: their age is told by the wall clock.
    var wallTime: WallTime { WallTime(milliseconds: settings.unixSeconds() &* 1_000) }

    /// The wall clock and the loop's clock, as sessions want them.
    func clock(_ reactor: borrowing LoopReactor) -> SessionClock {
        SessionClock(monotonic: reactor.now, unixSeconds: settings.unixSeconds())
    }
}
