import BelfryAuth
import BelfryBytes
import BelfryHTTP
import BelfryJournal
import BelfryLimits
import BelfryObserve
import BelfryReactor
import BelfrySession
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
    let users: ConnectionCounts
    let addressCounts = ConnectionCounts()
    let lately = ClosedConnections()
    let admission: ConnectionAdmission
    let tickets = TicketKeys()
    let tokens: TokenDesk
    let mailboxes: [Mailbox<LoopMessage>]
    let heartbeats: [LoopHeartbeat]
    let startedAt = ContinuousClock.now
    let pseudonym: Pseudonym
    let expiryNotices = DailyNotices()
    private let state = Mutex(State())
    /// Entered by each loop, left when it ends.
    let loops = DispatchGroup()

    private struct State {
        var addresses: [ListenAddress] = []
        var certificates: [CertificateSummary] = []
        var isDraining = false
    }

    /// Connections the kernel queues for a listener; it cuts this to `net.core.somaxconn`.
    static let backlog = 4_096
    /// An idle loop ticks once a second; the side port's bar for a stuck one is five.
    static let stuckAfter = Duration.seconds(5)
    /// Messages that may wait for one loop: at 10,000 publications a second, six seconds of a stuck loop.
    static let mailboxCapacity = 65_536

    /// Addresses listened on.
    var addresses: [ListenAddress] { state.withLock { $0.addresses } }
    var certificates: [CertificateSummary] { state.withLock { $0.certificates } }
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Reads certificates and keys and starts the loops; returns when every listener accepts.
    init(
        _ configuration: Configuration, path: String, application: ApplicationKind, journal: Journal
    ) throws {
        self.configuration = configuration
        self.path = path
        self.journal = journal
        let key = configuration.journal.pseudonymKey?.bytes ?? Random.bytes(32)
        pseudonym = Pseudonym(key: key)
        let material = try Self.loadCertificates(configuration)
        registry = Self.makeRegistry(material)
        journal.observe(in: registry.makeShard())
        let verifier = try Self.loadKeys(configuration, pseudonym)
        tokens = TokenDesk(verifier: verifier, unixSeconds: WallClock.unixSeconds)
        let policy = configuration.limits.policy
        limits = LimitWatch(sink: journal, policy: policy)
        users = ConnectionCounts()
        admission = ConnectionAdmission(limit: configuration.server.maxConnections)
        let count = configuration.server.loops > 0 ? configuration.server.loops : ProcessSetup.availableCores
        heartbeats = (0..<count).map { _ in LoopHeartbeat() }
        var kernels = try LoopKernels(count: count)
        mailboxes = kernels.wakers.map { Mailbox(capacity: Self.mailboxCapacity, waker: $0) }
        announce(material, verifier)
        try kernels.checkFree(configuration.server.listen)
        let settings = try makeSettings(application, policy)
        try startLoops(&kernels, settings, material)
    }

    /// Whether certificates, keys and origins can be used; opens nothing.
    static func check(_ configuration: Configuration) throws {
        _ = try loadCertificates(configuration)
        _ = try loadKeys(configuration, Pseudonym(key: Random.bytes(32)))
        _ = try configuration.upgradePolicy()
    }

    private static func loadCertificates(_ configuration: Configuration) throws(StartFailure) -> TLSMaterial {
        do {
            return try TLSMaterial(loading: configuration.certificateSources, at: WallClock.unixSeconds())
        } catch {
            throw StartFailure(description: "tls: \(error)")
        }
    }

    private static func loadKeys(
        _ configuration: Configuration, _ pseudonym: Pseudonym
    ) throws(StartFailure) -> TokenVerifier? {
        let result = Blocking.result { try await configuration.auth.verifier(naming: pseudonym) }
        switch result {
        case .success(let verifier): return verifier
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
            upgrade: upgrade, frameLimits: application.frameLimits(configuration), limits: policy,
            limitKeys: limits.keys, budgets: limits.budgets, addresses: addressCounts, tokens: tokens,
            mailboxes: mailboxes, admission: admission,
            connectionsPerLoop: configuration.server.maxConnections,
            handshakeTimeout: configuration.tls.handshakeTimeout, connectDeadline: client.connectDeadline,
            pingInterval: application == .echo ? .zero : client.ping, pongTimeout: client.pong,
            writeDeadline: client.writeDeadline, queueBytesMax: application.queueBytesMax(configuration),
            commandsPerMessage: client.commandsPerFrame, unixSeconds: WallClock.unixSeconds,
            tls: configuration.tlsSettings, tickets: tickets)
    }

    private func startLoops(
        _ kernels: inout LoopKernels, _ settings: LoopSettings, _ material: TLSMaterial
    ) throws(StartFailure) {
        var addresses = configuration.server.listen
        for index in mailboxes.indices {
            let plan = LoopPlan(
                index: index, settings: settings, observer: makeObserver(), addresses: addresses,
                backlog: Self.backlog, heartbeat: heartbeats[index], mailbox: mailboxes[index],
                material: material)
            do {
                // Where the kernel chose the port for the first loop, the others share it.
                addresses = try kernels.start(plan, in: loops)
            } catch {
                throw StartFailure(description: "\(error)")
            }
        }
        state.withLock { $0.addresses = addresses }
        for address in addresses {
            journal.record(
                .listenerOpen(address: address.description, descriptorName: nil, backlog: Self.backlog))
        }
    }

    private func makeObserver() -> LoopObserver {
        LoopObserver(
            shard: registry.makeShard(), sink: journal, limits: limits, pseudonym: pseudonym,
            subjectsArePlain: configuration.journal.plainSubjects,
            listeners: configuration.server.listen.map(\.description), lately: lately)
    }

    // MARK: Certificates and keys

    private func announce(_ material: TLSMaterial, _ verifier: TokenVerifier?) {
        state.withLock { $0.certificates = material.certificates }
        for certificate in material.certificates {
            registry.setCertificateExpiry(certificate.name, notAfter: certificate.notAfter &* 1_000_000_000)
            journal.record(
                .tlsCertLoaded(
                    name: certificate.name, sha256: certificate.fingerprint, notAfter: certificate.notAfter,
                    keyType: certificate.keyType.description))
        }
        announce(verifier)
    }

    private func announce(_ verifier: TokenVerifier?) {
        let keys = verifier?.keys.keys ?? []
        journal.record(.authKeysLoaded(keyIDs: keys.compactMap(\.keyID), from: path))
        for family in KeyFamily.allCases {
            let count = keys.count { KeyFamily($0.algorithm) == family }
            registry.shared.set(.authKeys(family), to: Int64(count))
        }
    }

    /// Reads certificates and keys again.
    ///
    /// What can not be used leaves what is in force.
    func reload() {
        let outcome = loadAnew()
        registry.shared.count(.tlsCertificateReloads(Outcome(succeeded: outcome == nil)))
        registry.shared.set(.configLastReloadSuccessful, to: outcome == nil ? 1 : 0)
        guard let outcome else {
            registry.shared.set(.configLastReloadSuccess, to: WallClock.unixSeconds() &* 1_000_000_000)
            journal.record(.configLoaded(hash: configuration.fingerprint, changedKeys: []))
            return
        }
        journal.record(.configRejected(path: path, row: nil, error: outcome))
    }

    /// `nil`, or why nothing was changed.
    private func loadAnew() -> String? {
        do {
            let loaded = try Configuration.load(path: path, environment: ProcessEnvironment.variables)
            let material = try Self.loadCertificates(loaded.configuration)
            let verifier = try Self.loadKeys(loaded.configuration, pseudonym)
            tokens.replace(verifier)
            for mailbox in mailboxes { _ = mailbox.post(.reload(material)) }
            announce(material, verifier)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Whether each loop has ticked within the time that an idle one takes for two.
    func loopsAreAlive(at now: Instant) -> Bool {
        heartbeats.allSatisfy { heartbeat in
            heartbeat.lastTick.map { now - $0 < Self.stuckAfter } ?? false
        }
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
