import BelfryAnomaly
import BelfryAuth
import BelfryBytes
import BelfryReactor
import BelfrySession
import Synchronization

// What the detectors want to know of one loop: who came, who failed, who sends, how far it goes. The loop keeps it for
// itself and hands it over when it is asked, once a tick of the detectors; nothing here is locked or shared.
//
// Costs: nothing a delivery; a publication that is not looked at costs a comparison and a subtraction, one that is about
// 65 ns. The first thousand of a tick are all looked at, so that small houses are counted exactly; of more, one in eight.

/// One loop's share of a tick.
struct TrafficShare: Sendable {
    let sketch: TrafficSketch
    /// Connections that asked for anything a limit decides about.
    let activeConnections: Int
    /// There was more than could be looked at.
    let isSampled: Bool
}

/// How traffic is looked at; the same for all loops, so that their shares can be put together.
struct TrafficSettings: Sendable {
    var isOn = true
    /// Nobody outside may choose which keys collide.
    var seed = UInt64.random(in: 0 ... .max)
}

/// What one loop has seen since it was asked last.
struct LoopTraffic {
    /// Connections that were found full and are looked at when the share is handed over.
    static let blockedMax = 4_096

    private var settings: TrafficSettings
    private let pseudonym: Pseudonym
    private var sketch = TrafficSketch()
    private var publications: Sampler
    private var fanOuts: Sampler
    private var rooms = RoomKeys()
    private var activeConnections = 0
    /// Marks connections that were counted as active in this tick.
    private var round: UInt32 = 1
    private(set) var blocked: [SlotID] = []

    init(_ settings: TrafficSettings, _ pseudonym: Pseudonym) {
        self.settings = settings
        self.pseudonym = pseudonym
        publications = Sampler(seed: settings.seed)
        fanOuts = Sampler(seed: ~settings.seed)
    }

    /// Looks at traffic from now on, or no more.
    mutating func watch(_ isOn: Bool) {
        guard isOn != settings.isOn else { return }
        settings.isOn = isOn
        _ = take(stillBlocked: blocked)
    }

    // MARK: Connections

    mutating func accepted(_ peer: PeerAddress) {
        guard settings.isOn else { return }
        sketch.accepted(from: peer.net)
        sketch.sawSource(high: peer.ip.high, low: peer.ip.low, seed: settings.seed)
    }

    mutating func handshakeFailed(_ peer: PeerAddress) {
        if settings.isOn { sketch.handshakeFailed(from: peer.net) }
    }

    mutating func offeredLegacy(_ peer: PeerAddress) {
        if settings.isOn { sketch.offeredLegacy(from: peer.net) }
    }

    mutating func note(_ fact: SessionFact, _ evidence: TokenVerdict?, _ connection: inout Connection) {
        switch fact {
        case .limitDecided: noteActive(&connection)
        // Also while nobody looks: whoever stays must be known when that changes.
        case .authenticated: opened(&connection)
        case .tokenRefused: refused(evidence, connection.peer)
        default: break
        }
    }

    /// A token was refused; all that name no subject count as one.
    mutating func refused(_ evidence: TokenVerdict?, _ peer: PeerAddress) {
        guard settings.isOn else { return }
        sketch.authFailed(Self.key(evidence?.evidence?.subjectPseudonym), from: peer.net)
    }

    private mutating func noteActive(_ connection: inout Connection) {
        guard settings.isOn, connection.record.activeRound != round else { return }
        connection.record.activeRound = round
        activeConnections += 1
    }

    private mutating func opened(_ connection: inout Connection) {
        guard let proof = connection.session?.token?.proof, let subject = proof.subjectPseudonym else {
            // Somebody without a name is known by the connection, and has no other.
            connection.record.subjectKey = Self.key(pseudonym.of(connection.id))
            return
        }
        connection.record.subjectKey = Self.key(subject)
        connection.record.tokenKey = Self.tokenKey(proof, connection.record.subjectKey)
        if settings.isOn { sketch.session(event(connection, isOpening: true)) }
    }

    /// The last of a connection.
    mutating func closed(_ connection: borrowing Connection) {
        guard settings.isOn, connection.record.tokenKey != 0 else { return }
        sketch.session(event(connection, isOpening: false))
    }

    private func event(
        _ connection: borrowing Connection, isOpening: Bool
    ) -> TrafficSketch.SessionEvent {
        TrafficSketch.SessionEvent(
            isOpening, subject: connection.record.subjectKey, token: connection.record.tokenKey,
            net: connection.peer.net)
    }

    /// A token without `jti` is told by what else is in it: two tokens of a user that agree in that were made in the
    /// same second.
    private static func tokenKey(_ proof: TokenProof, _ subject: UInt64) -> UInt64 {
        if let id = proof.tokenIDPseudonym { return max(1, key(id)) }
        var mix = SplitMix64(seed: subject ^ UInt64(bitPattern: proof.issuedAt ?? 0))
        return max(1, mix.next() ^ UInt64(bitPattern: proof.expiry ?? 0))
    }

    /// Pseudonyms are 16 hexadecimal digits, so alerts name people and rooms as the journal does.
    private static func key(_ pseudonym: String?) -> UInt64 {
        pseudonym.flatMap { UInt64($0, radix: 16) } ?? 0
    }

    // MARK: Messages

    mutating func published(by subject: UInt64, in channel: String) {
        guard settings.isOn, let weight = publications.take() else { return }
        sketch.published(by: subject, to: rooms.key(of: channel, pseudonym), weight: weight)
    }

    /// Once a publication and loop, not once a delivery.
    mutating func fannedOut(in channel: String, to recipients: Int) {
        guard settings.isOn, let weight = fanOuts.take() else { return }
        sketch.fannedOut(in: rooms.key(of: channel, pseudonym), to: recipients, weight: weight)
    }

    /// A socket is full: looked at again when the share is handed over.
    mutating func blocked(_ slot: SlotID, _ connection: inout Connection) {
        guard settings.isOn, !connection.record.isListedAsBlocked, blocked.count < Self.blockedMax else {
            return
        }
        connection.record.isListedAsBlocked = true
        blocked.append(slot)
    }

    mutating func isSlow(_ connection: borrowing Connection) {
        sketch.isSlow(from: connection.peer.net, bytes: connection.outbound.byteCount)
    }

    // MARK: The hand-over

    /// - `stillBlocked`: Those of ``blocked`` whose sockets are full even now.
    mutating func take(stillBlocked: [SlotID]) -> TrafficShare {
        let share = TrafficShare(
            sketch: sketch, activeConnections: activeConnections,
            isSampled: publications.isSampling || fanOuts.isSampling)
        sketch = TrafficSketch()
        blocked = stillBlocked
        activeConnections = 0
        round &+= 1
        publications.begin()
        fanOuts.begin()
        return share
    }
}

/// Which of many like things are looked at, and for how many each stands.
private struct Sampler {
    /// Looked at without exception: 1,000 take 65 µs.
    static let exactCount = 1_000
    /// Of more, one in so many on the average.
    static let interval = 8

    private var exactLeft = Sampler.exactCount
    private var toSkip = 0
    /// Whether anything of this tick was passed over, or stands for what was.
    private(set) var isSampling = false
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// How many the next one stands for; `nil` when it is passed over.
    mutating func take() -> UInt64? {
        if exactLeft > 0 {
            exactLeft -= 1
            return 1
        }
        isSampling = true
        if toSkip > 0 {
            toSkip -= 1
            return nil
        }
        // At irregular distances, so that nothing regular stays unseen.
        toSkip = random.below(2 * Self.interval - 1)
        return UInt64(Self.interval)
    }

    mutating func begin() { (exactLeft, isSampling) = (Self.exactCount, false) }
}

/// The pseudonyms of the channels that were looked at last: making one takes ten times as long as counting does.
private struct RoomKeys {
    private static let capacity = 2_048

    private var known = [(tag: UInt64, key: UInt64)](repeating: (0, 0), count: RoomKeys.capacity)

    mutating func key(of channel: String, _ pseudonym: Pseudonym) -> UInt64 {
        let tag = UInt64(truncatingIfNeeded: channel.hashValue) | 1
        let place = Int(truncatingIfNeeded: tag >> 1) & (Self.capacity - 1)
        if known[place].tag == tag { return known[place].key }
        let key = UInt64(pseudonym.of(channel), radix: 16) ?? 0
        known[place] = (tag, key)
        return key
    }
}

extension PeerAddress {
    /// For the detectors.
    var net: ClientNet {
        ip.isIPv4 ? ClientNet(ipv4: UInt32(truncatingIfNeeded: ip.low)) : ClientNet(ipv6Prefix: ip.high)
    }
}

/// Where loops leave their shares for the detectors.
final class TrafficInbox: Sendable {
    private struct State {
        var shares: [TrafficShare] = []
        /// Loops that were asked and have not answered.
        var owing: Set<Int> = []
        var onComplete: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Asks every loop that does not owe an answer already; none is asked twice, so no mailbox fills with questions.
    ///
    /// `onComplete` is called once, by any thread, when the last share is there.
    func ask(_ mailboxes: [Mailbox<LoopMessage>], onComplete: @escaping @Sendable () -> Void) {
        let free = state.withLock { state in
            state.onComplete = onComplete
            let free = mailboxes.indices.filter { !state.owing.contains($0) }
            state.owing.formUnion(free)
            return free
        }
        for loop in free where mailboxes[loop].post(.traffic(self)) != .posted { put(nil, from: loop) }
    }

    func put(_ share: TrafficShare?, from loop: Int) {
        let complete = state.withLock { state -> (@Sendable () -> Void)? in
            state.owing.remove(loop)
            if let share { state.shares.append(share) }
            return state.owing.isEmpty ? state.onComplete.take() : nil
        }
        complete?()
    }

    /// What has come; a share that comes too late is the next tick's.
    func take() -> [TrafficShare] {
        state.withLock { state in
            state.onComplete = nil
            defer { state.shares = [] }
            return state.shares
        }
    }
}
