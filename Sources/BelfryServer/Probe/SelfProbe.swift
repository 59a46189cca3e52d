import BelfryBench
import BelfryBytes
import BelfryHTTP
import BelfryJournal
import BelfryObserve
import BelfryReactor
import Dispatch
import Synchronization

// The relay as its own client: through the public listener, with TLS and a token, a message out and back.
//
//   open ──▶ echo ──▶ rest `interval` ──▶ echo … every 5 minutes: leave, open anew, so that accept, handshake and token
//     ▲                                                                        are tried again
//     └──────────── rest ◀── failed
//
// It tells "no users" from "broken": nobody's traffic is needed for it. It costs one connection, one user and one channel,
// which are counted like anybody's.

/// Proves every few seconds that clients can come in and talk.
final class SelfProbe: Sendable {
    /// For opening a connection, and for one message.
    private static let patience = Duration.seconds(5)
    private static let connectionLife = Duration.seconds(300)

    private let relay: Relay
    private let pass: ProbePass
    private let isStopping = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)
    private let waker = Mutex<(any Waker)?>(nil)

    private init(_ relay: Relay, _ pass: ProbePass) {
        self.relay = relay
        self.pass = pass
    }

    /// Starts the probe's thread; `nil` where the configuration has none.
    ///
    /// - Throws: No descriptor or no thread.
    static func start(_ relay: Relay) throws -> SelfProbe? {
        guard let pass = relay.probePass, let address = relay.addresses.first else { return nil }
        let probe = SelfProbe(relay, pass)
        let kernel = try LinuxKernel()
        probe.waker.withLock { $0 = kernel.waker }
        let target = relay.configuration.probeTarget(address, pass.channel)
        let thread = try RunningThread.start(named: "belfry-probe") { probe.run(on: kernel, target) }
        _ = consume thread
        return probe
    }

    /// Lets the probe say goodbye, for which it has a second.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        waker.withLock { $0?.wake() }
        // Whoever asks a second time finds it ended.
        if ended.wait(timeout: .now() + .seconds(1)) == .success { ended.signal() }
    }

    private var isOver: Bool { isStopping.load(ordering: .relaxed) }

    // MARK: The thread

    private func run(on kernel: LinuxKernel, _ target: RoundTrip.Target) {
        defer { ended.signal() }
        let interval = relay.configuration.probe.interval
        // A start is no outage: clients come first.
        rest(until: kernel.now() + interval, kernel)
        while !isOver {
            let life = kernel.now() + Self.connectionLife
            do {
                let trip = try open(target, on: kernel)
                defer { trip.leave() }
                while !isOver, kernel.now() < life {
                    passed(after: try trip.echo(within: Self.patience), at: kernel.now())
                    try trip.rest(until: kernel.now() + interval) { isOver }
                }
            } catch {
                if isOver { return }
                failed(error, at: kernel.now())
                rest(until: kernel.now() + interval, kernel)
            }
        }
    }

    private func open(
        _ target: RoundTrip.Target, on kernel: LinuxKernel
    ) throws(RoundTrip.Failure) -> RoundTrip {
        var target = target
        do {
            target.token = try pass.token(at: WallClock.unixSeconds())
        } catch {
            throw RoundTrip.Failure(phase: .session, reason: "no token: \(error)", isTimeout: false)
        }
        return try .open(target, on: kernel, within: Self.patience)
    }

    private func rest(until deadline: Instant, _ kernel: LinuxKernel) {
        while !isOver, kernel.now() < deadline { _ = kernel.wait(until: deadline) }
    }

    // MARK: What it tells

    private func passed(after duration: Duration, at now: Instant) {
        relay.registry.shared.update { shard in
            shard.count(.selfprobes(.passed))
            shard.observe(duration.metric, in: .selfprobe)
            shard.set(.selfprobeLastSuccess, to: WallClock.unixSeconds() &* 1_000_000_000)
        }
        guard case .passed(let outage)? = relay.probeState.note({ $0.passed(at: now) }) else { return }
        relay.journal.record(.probePassed(outage: outage))
    }

    private func failed(_ failure: RoundTrip.Failure, at now: Instant) {
        relay.registry.shared.count(.selfprobes(ProbeResult(failure)))
        let (news, attempts) = relay.probeState.note { ($0.failed(at: now), $0.failuresInARow) }
        guard news != nil else { return }
        relay.journal.record(
            .probeFailed(phase: failure.phase.rawValue, error: failure.reason, attempts: attempts))
    }
}

extension ProbeResult {
    init(_ failure: RoundTrip.Failure) {
        if failure.isTimeout {
            self = .timeout
        } else {
            switch failure.phase {
            case .connect, .tls: self = .unreachable
            case .upgrade, .session: self = .refused
            }
        }
    }
}

extension Configuration {
    /// Whether the relay can be its own client: it has no certificate to show where all clients must.
    var hasProbe: Bool {
        probe.interval > .zero && (tls.clientCA.isEmpty || tls.clientCertificate == .optional)
    }

    fileprivate func probeTarget(_ address: ListenAddress, _ channel: String) -> RoundTrip.Target {
        let ip = address.ip.reachable
        let authority = (ip.isIPv4 ? ip.description : "[\(ip)]") + ":\(address.port)"
        return RoundTrip.Target(
            address: PeerAddress(ip: ip, port: address.port), authority: authority,
            path: Route.webSocket.rawValue, origin: client.origin(at: authority), token: "", channel: channel)
    }
}

extension IPAddress {
    /// Where to reach who listens on every address.
    fileprivate var reachable: IPAddress {
        if self == IPAddress(ipv4: 0) { return .loopback }
        return self == IPAddress(high: 0, low: 0, isIPv4: false) ? .ipv6Loopback : self
    }
}

extension Configuration.Client {
    /// One that is let in, where none is not.
    fileprivate func origin(at authority: String) -> String? {
        if allowMissingOrigin { return nil }
        guard let first = origins.first else { return "https://" + authority }
        return first == "*" ? "https://belfry-probe.invalid" : first.replacing("*", with: "belfry-probe")
    }
}
