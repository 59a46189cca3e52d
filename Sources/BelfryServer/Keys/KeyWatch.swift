import BelfryAuth
import BelfryBytes
import Synchronization

/// Where the threads that verify tokens meet the one that has keys fetched.
final class KeyWatch: Sendable {
    private struct State {
        var isFetching = false
        var unknown = UnknownKeys()
        var answeredSince: Duration?
        var isWanted = false
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Duration

    init(now: @escaping @Sendable () -> Duration = { MonotonicClock.now().sinceOrigin }) { self.now = now }

    /// What a refused token is told: perhaps its key has come into use a moment ago.
    ///
    /// Only a refusal that another set of keys could turn is judged; costs a lock, on the way of refused tokens alone.
    func judge(
        _ refusal: TokenRefusal, of token: [UInt8], by verifier: TokenVerifier?
    ) -> TokenRefusal {
        guard [.kid, .alg, .signature].contains(refusal) else { return refusal }
        return state.withLock { state in
            guard state.isFetching, let gated = try? TokenGate.open(token) else { return refusal }
            guard let keyID = gated.keyID else {
                return state.answeredSince == nil ? .keyPending : refusal
            }
            if verifier?.contains(keyID: keyID) == true { return refusal }
            let areDecided = state.unknown.areDecided(keyID, at: now(), answeredSince: state.answeredSince)
            if areDecided { return .kid }
            state.isWanted = true
            return .keyPending
        }
    }

    /// Whether a token has named a key that nobody has, since this was asked last.
    func takeWanted() -> Bool {
        state.withLock { state in
            defer { state.isWanted = false }
            return state.isWanted
        }
    }

    /// - Parameters:
    ///   - isFetching: Whether keys are fetched at all.
    ///   - answeredSince: See ``UnknownKeys/areDecided(_:at:answeredSince:)``.
    func update(isFetching: Bool, answeredSince: Duration?) {
        state.withLock { ($0.isFetching, $0.answeredSince) = (isFetching, answeredSince) }
    }
}

extension Instant {
    /// As ``KeyRefresh`` counts.
    var sinceOrigin: Duration { self - Instant(nanoseconds: 0) }
}
