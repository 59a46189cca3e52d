import BelfryAuth
import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfryOutbound
import Synchronization

// Fetched keys, kept fresh: the shell around KeyRefresh.
//
//   tick, once a second ──due──▶ fetch (a task, none of our threads) ──▶ new verifier for the desk, or the old keys stay
//
// Always: (1) only addresses of the configuration are fetched; nothing a token says picks one. (2) Keys of a source verify
// tokens of its issuer alone. (3) What cannot be used as a whole changes nothing. (4) A key that is no longer published
// verifies nothing from the moment its absence is known: with the verifier goes the cache of verified tokens.

/// Keeps the keys of the relay, its own and those that issuers publish.
final class KeyKeeper: Sendable {
    private struct Held {
        var refresh: KeyRefresh
        var keys: [VerificationKey] = []
        var document: [UInt8]?
        /// Seconds since 1970.
        var loadedAt: Int64?
        var complaint = KeyComplaint()
    }

    private struct State {
        var plan: KeyPlan
        var held: [KeySource: Held] = [:]
        /// The keys in force; `nil` when there are none.
        var verifier: TokenVerifier?

        var fetched: [KeySource: [VerificationKey]] { held.mapValues(\.keys) }

        /// The earliest, over all sources, of what `time` says; `nil` while one source says nothing.
        func earliest<Time: Comparable>(_ time: (Held) -> Time?) -> Time? {
            let times = held.values.compactMap(time)
            return times.count == held.count ? times.min() : nil
        }
    }

    private let state: Mutex<State>
    /// Made when the first fetch is due: who configures none has no thread for it.
    private let fetcher = Mutex<DocumentFetcher?>(nil)
    private let desk: TokenDesk
    private let journal: Journal
    private let registry: MetricRegistry
    private let wallClock: @Sendable () -> Int64

    /// `origin` is the configuration's path: the journal names it as the source of the keys that stand there.
    init(
        _ plan: KeyPlan, from origin: String, desk: TokenDesk, journal: Journal, registry: MetricRegistry,
        wallClock: @escaping @Sendable () -> Int64
    ) throws(KeyRefusal) {
        self.desk = desk
        self.journal = journal
        self.registry = registry
        self.wallClock = wallClock
        state = Mutex(State(plan: plan))
        try replace(plan, from: origin)
    }

    /// Another configuration; sources that it shares with the one before keep their keys.
    func replace(_ plan: KeyPlan, from origin: String) throws(KeyRefusal) {
        try state.withLock { state throws(KeyRefusal) in
            var next = State(plan: plan)
            for source in plan.sources {
                var held = state.held[source] ?? Held(refresh: KeyRefresh(interval: plan.interval))
                held.refresh.interval = plan.interval
                next.held[source] = held
            }
            next.verifier = try plan.verifier(fetched: next.fetched)
            state = next
            install(state)
        }
        let own = plan.issuers.flatMap(\.ownKeys)
        journal.record(.authKeysLoaded(keyIDs: own.compactMap(\.keyID), from: origin))
    }

    /// Starts the fetches that are due; called once a second.
    func tick(at now: Instant) {
        let isWanted = desk.watch.takeWanted()
        let due = state.withLock { state in
            state.plan.sources.filter { source in
                if isWanted { state.held[source]?.refresh.want() }
                return state.held[source]?.refresh.starts(at: now.sinceOrigin) ?? false
            }
        }
        for source in due { Task { await fetch(source) } }
    }

    private func fetch(_ source: KeySource) async {
        let result = await documents().document(at: source.address, trusting: source.roots)
        switch result {
        case .failure(let failure): failed(source, "\(failure)")
        case .success(let document):
            if isKnown(document, of: source) { return succeeded(source) }
            do throws(KeyRefusal) {
                try adopt(try await VerificationKey.publishedSet(document), document, of: source)
            } catch {
                failed(source, "\(error)")
            }
        }
    }

    private func documents() -> DocumentFetcher {
        fetcher.withLock { fetcher in
            let made = fetcher ?? DocumentFetcher()
            fetcher = made
            return made
        }
    }

    private func isKnown(_ document: [UInt8], of source: KeySource) -> Bool {
        state.withLock { $0.held[source]?.document == document }
    }

    private func adopt(
        _ keys: [VerificationKey], _ document: [UInt8], of source: KeySource
    ) throws(KeyRefusal) {
        let isNeeded = try state.withLock { state throws(KeyRefusal) in
            guard state.held[source] != nil else { return false }
            var fetched = state.fetched
            fetched[source] = keys
            state.verifier = try state.plan.verifier(fetched: fetched)
            state.held[source]?.keys = keys
            state.held[source]?.document = document
            return true
        }
        guard isNeeded else { return }
        succeeded(source)
        journal.record(.authKeysLoaded(keyIDs: keys.compactMap(\.keyID), from: source.name))
    }

    private func succeeded(_ source: KeySource) {
        state.withLock { state in
            state.held[source]?.refresh.succeeded(at: MonotonicClock.now().sinceOrigin)
            state.held[source]?.loadedAt = wallClock()
            state.held[source]?.complaint = KeyComplaint()
            install(state)
        }
    }

    private func failed(_ source: KeySource, _ reason: String) {
        let now = MonotonicClock.now()
        let age: Duration?? = state.withLock { state in
            state.held[source]?.refresh.failed(at: now.sinceOrigin)
            guard state.held[source]?.complaint.isDue(reason, at: now.sinceOrigin) == true else {
                return .none
            }
            return .some(state.held[source]?.loadedAt.map { .seconds(wallClock() &- $0) })
        }
        guard let age else { return }
        journal.record(.authKeysFailed(from: source.name, error: reason, age: age))
    }

    /// By how many seconds the oldest fetched keys are older than they may be: thrice the time after which they are
    /// fetched again; 0 when they are not, and when none are fetched.
    ///
    /// Keys that have never come are as old as `start`, in seconds since 1970.
    func overdue(since start: Int64) -> Int {
        state.withLock { state in
            guard !state.held.isEmpty else { return 0 }
            let loadedAt = state.earliest(\.loadedAt) ?? start
            let limit = state.plan.interval.components.seconds &* 3
            return max(0, Int(clamping: wallClock() &- loadedAt &- limit))
        }
    }

    /// Puts the keys of `state` in force, and says what they are.
    ///
    /// Called with the state locked, so that of two changes the later one stays.
    private func install(_ state: borrowing State) {
        desk.replace(state.verifier)
        desk.watch.update(
            isFetching: !state.held.isEmpty, answeredSince: state.earliest { $0.refresh.answeredSince })
        let keys = state.verifier?.keys ?? []
        for family in KeyFamily.allCases {
            let count = keys.count { KeyFamily($0.algorithm) == family && $0.keyID != ProbePass.keyID }
            registry.shared.set(.authKeys(family), to: Int64(count))
        }
        let loadedAt = state.held.isEmpty ? wallClock() : state.earliest(\.loadedAt) ?? 0
        registry.shared.set(.authKeyRefresh, to: loadedAt &* 1_000_000_000)
    }
}
