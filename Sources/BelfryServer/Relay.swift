import BelfryAPI
import BelfryAuth
import BelfryBytes
import BelfryHTTP
import BelfryJournal
import BelfryLimits
import BelfryObserve
import BelfryReactor
import BelfrySession
import BelfrySidePort
import BelfryStore
import BelfryTLS
import Dispatch
import Synchronization

// The running server: what is shared by its loops, and its life from start to the last connection.
//
// Start: certificates and keys (anything wrong ends here, before a port is open) → loops, each with its own listeners →
// side port → ready. Reload: certificates and keys are read anew; what fails leaves everything as it was. Stop: listeners
// close, clients are sent away in waves, loops end, the journal is written out.

/// Everything a start can fail of, in the operator's words.
struct StartFailure: Error, CustomStringConvertible {
    let description: String
}

/// One relay in this process.
final class Relay: Sendable {
    let configuration: Configuration
    let path: String
    let journal: Journal
    let registry: MetricRegistry
    let limits: LimitWatch
    let overload: OverloadWatch
    let shedInfo = RisingCount()
    let users: ConnectionCounts
    let addressCounts = ConnectionCounts()
    let lately = ClosedConnections()
    let admission: ConnectionAdmission
    let tickets = TicketKeys()
    let tokens: TokenDesk
    let denyDesk: DenyDesk
    let keys: KeyKeeper
    let guests: GuestDesk?
    let mailboxes: [Mailbox<LoopMessage>]
    let desks: CallDesks
    let taps = TapDesk()
    /// Tells starts of a node apart.
    let uid: String
    /// The configured name, or the host's.
    let nodeName: String
    /// Where its entries stand; `nil` for the default journal.
    let journalNamespace = JournalNamespace.current
    let heartbeats: [LoopHeartbeat]
    let startedAt = ContinuousClock.now
    /// What systemd listens on for us.
    let sockets: InheritedSockets
    let pseudonym: Pseudonym
    /// `nil` where there is no probe.
    let probePass: ProbePass?
    let probeState = ProbeState()
    /// `nil` when nothing is kept on disk.
    let store: Store?
    let expiryNotices = DailyNotices()
    /// Feeds of the side port.
    let pulse = FeedPulse()
    let alertDesk: AlertDesk
    let detectorDesk: DetectorDesk
    /// Entries of the journal for those who follow them.
    let entries: JournalFeed
    let alertPush: AlertPush
    let status: StatusKeeper
    let top: TopDesk
    let state: Mutex<State>
    /// Entered by each loop, left when it ends.
    let loops = DispatchGroup()

    struct State {
        var addresses: [ListenAddress] = []
        var certificates: [CertificateSummary] = []
        var isDraining = false
        var apiKeys: APIKeys
        /// The one read last; of keys that are not reloaded, ``configuration`` is in force.
        var loaded: Configuration
        var watch: AlertWatch?
    }

    /// Connections the kernel queues for a listener; it cuts this to `net.core.somaxconn`.
    static let backlog = 4_096
    /// Messages that may wait for one loop: at 10,000 publications a second, six seconds of a stuck loop.
    static let mailboxCapacity = 65_536

    /// Addresses listened on.
    var addresses: [ListenAddress] { state.withLock { $0.addresses } }
    var certificates: [CertificateSummary] { state.withLock { $0.certificates } }
    var isDraining: Bool { state.withLock { $0.isDraining } }
    var apiKeys: APIKeys { state.withLock { $0.apiKeys } }

    /// Reads certificates and keys and starts the loops; returns when every listener accepts.
    init(
        _ configuration: Configuration, path: String, application: ApplicationKind, journal: Journal,
        sockets: InheritedSockets = .none
    ) throws {
        self.sockets = sockets
        self.configuration = configuration
        self.path = path
        self.journal = journal
        var uuids = UUIDSource()
        uid = uuids.next()
        nodeName = configuration.server.node.isEmpty ? HostName.text : configuration.server.node
        state = Mutex(State(apiKeys: configuration.api.knownKeys, loaded: configuration))
        desks = CallDesks(pendingMax: configuration.api.maxPending)
        let key = configuration.journal.pseudonymKey?.bytes ?? Random.bytes(32)
        pseudonym = Pseudonym(key: key)
        let material = try Self.loadCertificates(configuration)
        registry = Self.makeRegistry(material)
        status = StatusKeeper(uid: uid, registry.shared)
        top = TopDesk(pseudonym)
        journal.observe(in: registry.makeShard())
        alertDesk = Self.makeAlertDesk(uid, registry, pulse)
        detectorDesk = DetectorDesk(configuration)
        entries = Self.makeEntryFeed(uid, registry, journal, pulse)
        alertPush = AlertPush(configuration, journal: journal, registry: registry)
        probePass =
            application == .relay && configuration.hasProbe ? try Self.makeProbePass(uid) : nil
        let plan = try Self.loadKeys(configuration, pseudonym, probePass)
        tokens = TokenDesk(verifier: nil, unixSeconds: WallClock.unixSeconds)
        keys = try KeyKeeper(
            plan, from: path, desk: tokens, journal: journal, registry: registry,
            wallClock: WallClock.unixSeconds)
        guests = try Self.loadGuestSigner(configuration).map(GuestDesk.init)
        // After what a configuration can be wrong in: a store that is left open takes its next start for one after a crash.
        store = application == .relay ? try Self.openStore(configuration, journal, registry) : nil
        denyDesk = try Self.openDenials(configuration, store)
        let policy = configuration.limits.policy
        limits = LimitWatch(sink: journal, policy: policy)
        overload = OverloadWatch(sink: journal, shard: registry.shared)
        users = ConnectionCounts()
        admission = ConnectionAdmission(limit: configuration.server.maxConnections)
        let count = configuration.server.loops > 0 ? configuration.server.loops : ProcessSetup.availableCores
        heartbeats = (0..<count).map { _ in LoopHeartbeat() }
        var kernels = try LoopKernels(count: count)
        mailboxes = kernels.wakers.map { Mailbox(capacity: Self.mailboxCapacity, waker: $0) }
        announce(material)
        do {
            if sockets.wss.isEmpty { try kernels.checkFree(configuration.server.listen) }
            let settings = try makeSettings(application, policy)
            try startLoops(&kernels, settings, material, try openLanes())
        } catch {
            store?.close()
            throw error
        }
        noteLoad(succeeded: true)
    }

    /// Whether certificates, keys and origins can be used; opens nothing.
    static func check(_ configuration: Configuration) throws {
        _ = try loadCertificates(configuration)
        _ = try loadKeys(configuration, Pseudonym(key: Random.bytes(32)), nil)
        _ = try loadGuestSigner(configuration)
        _ = try configuration.upgradePolicy()
    }

    static func loadCertificates(_ configuration: Configuration) throws(StartFailure) -> TLSMaterial {
        do {
            return try TLSMaterial(
                loading: configuration.certificateSources, clients: configuration.clientAuthoritySource,
                at: WallClock.unixSeconds())
        } catch {
            throw StartFailure(description: "tls: \(error)")
        }
    }

    static func loadKeys(
        _ configuration: Configuration, _ pseudonym: Pseudonym, _ probe: ProbePass?
    ) throws(StartFailure) -> KeyPlan {
        let result = Blocking.result { try await configuration.auth.keyPlan(naming: pseudonym) }
        switch result {
        case .success(var plan):
            plan.probe = probe?.issuer
            return plan
        case .failure(let error): throw StartFailure(description: "\(error)")
        }
    }

    private static func makeProbePass(_ uid: String) throws(StartFailure) -> ProbePass {
        switch Blocking.result({ try await ProbePass(uid: uid) }) {
        case .success(let pass): return pass
        case .failure(let error): throw StartFailure(description: "probe: \(error)")
        }
    }

    static func loadGuestSigner(_ configuration: Configuration) throws(StartFailure) -> GuestSigner? {
        switch Blocking.result({ try await configuration.guestSigner() }) {
        case .success(let signer): return signer
        case .failure(let error): throw StartFailure(description: "\(error)")
        }
    }

    private static func makeRegistry(_ material: TLSMaterial) -> MetricRegistry {
        MetricRegistry(
            build: BuildInfo(
                version: BelfryVersion.number, commit: BelfryVersion.commit, swift: BelfryVersion.swift,
                openssl: TLSLibraryVersion.text),
            certificateNames: material.certificates.map(\.name), eventNames: EventKind.allCases.map(\.name))
    }

    private func makeSettings(
        _ application: ApplicationKind, _ policy: LimitPolicy
    ) throws(StartFailure) -> LoopSettings {
        let upgrade: UpgradePolicy
        do {
            upgrade = try configuration.upgradePolicy()
        } catch {
            throw StartFailure(description: "client.origins: \(error.entry) is no origin")
        }
        let limits = CommandLimits(
            policy: policy, budgets: SharedLimits(budgets: policy.budgets), users: users,
            keys: LimitKeyMaker(seed: (.random(in: 0 ... .max), .random(in: 0 ... .max))))
        let client = configuration.client
        return LoopSettings(
            application: application == .echo ? .echo : .relay(configuration.sessionPolicy(limits: limits)),
            upgrade: upgrade, demo: application == .echo ? nil : guests.map(DemoPage.init(guests:)),
            frameLimits: application.frameLimits(configuration),
            compression: configuration.compressionSettings, limits: policy,
            limitKeys: limits.keys, budgets: limits.budgets, addresses: addressCounts, tokens: tokens,
            denials: denyDesk,
            traffic: TrafficSettings(isOn: application == .relay && configuration.alerts.isEnabled),
            mailboxes: mailboxes, desks: desks, admission: admission,
            connectionsPerLoop: configuration.server.maxConnections,
            handshakeTimeout: configuration.tls.handshakeTimeout, connectDeadline: client.connectDeadline,
            pingInterval: application == .echo ? .zero : client.ping, pongTimeout: client.pong,
            writeDeadline: client.writeDeadline, queueBytesMax: application.queueBytesMax(configuration),
            commandsPerMessage: client.commandsPerFrame, unixSeconds: WallClock.unixSeconds,
            tls: configuration.tlsSettings, tickets: tickets)
    }

    private func startLoops(
        _ kernels: inout LoopKernels, _ settings: LoopSettings, _ material: TLSMaterial, _ lanes: [StoreLane]
    ) throws(StartFailure) {
        var listeners = ListenPlan(configuration.server.listen, sockets.wss)
        for index in mailboxes.indices {
            let plan = LoopPlan(
                index: index, settings: settings, observer: makeObserver(), listeners: listeners,
                heartbeat: heartbeats[index], mailbox: mailboxes[index], material: material,
                lane: lanes.isEmpty ? nil : lanes[index])
            do {
                // Where the kernel chose the port for the first loop, the others share it.
                let bound = try kernels.start(plan, in: loops)
                if case .own = listeners { listeners = .own(bound) }
            } catch {
                throw StartFailure(description: "\(error)")
            }
        }
        state.withLock { $0.addresses = listeners.addresses }
        for (index, address) in listeners.addresses.enumerated() {
            journal.record(
                .listenerOpen(
                    address: address.description, descriptorName: listeners.descriptorName,
                    backlog: listeners.backlog(at: index)))
        }
    }

    private func makeObserver() -> LoopObserver {
        LoopObserver(
            shard: registry.makeShard(), exemplars: registry.exemplars, sink: journal, limits: limits,
            overload: overload,
            pseudonym: pseudonym,
            subjectsArePlain: configuration.journal.plainSubjects,
            listeners: ListenPlan(configuration.server.listen, sockets.wss).addresses.map(\.description),
            lately: lately)
    }

    // MARK: The end

    /// Sends every client away, spread over `duration`; the loops end when they are empty or time is over.
    func drain(over duration: Duration) {
        state.withLock { $0.isDraining = true }
        registry.state = .draining
        for mailbox in mailboxes { _ = mailbox.post(.drain(for: duration)) }
    }
}

extension CertificateSummary {
    /// How metrics and journal call the certificate: its first name, which is what clients ask for.
    var name: String { names.first ?? subject }
}

extension KeyFamily {
    init(_ algorithm: TokenAlgorithm) {
        self =
            switch algorithm {
            case .hs256, .hs384, .hs512: .hmac
            case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: .rsa
            case .es256, .es384, .es512: .ecdsa
            case .edDSA: .eddsa
            }
    }
}
