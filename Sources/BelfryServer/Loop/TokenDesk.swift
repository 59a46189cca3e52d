import BelfryAuth
import BelfryBytes
import BelfryProtocol
import BelfryReactor
import Dispatch
import Synchronization

/// A token to be verified, and whom the verdict is for.
struct TokenJob: Sendable {
    enum Purpose: Sendable {
        case connection
        case subscription
        /// Presented with the upgrade request.
        case upgrade
    }

    let slot: SlotID
    let purpose: Purpose
    let token: [UInt8]
}

/// What became of one job.
struct TokenVerdict: Sendable {
    enum Outcome: Sendable {
        case connection(Result<ConnectionToken, TokenRefusal>)
        case subscription(Result<SubscriptionToken, TokenRefusal>)
        case upgrade(Result<ConnectionToken, TokenRefusal>)
    }

    let slot: SlotID
    let outcome: Outcome
    /// What a refused token says about itself, for the audit event.
    let evidence: TokenEvidence?
    /// Time spent verifying.
    let duration: Duration
}

/// Verifies tokens: HMAC ones for the loop that asks, all others off the event loops.
///
/// Of these a loop hands over what one tick collected; the verdicts come back as one message. At most `capacity` tokens
/// wait at once: beyond that a client is told to try again, which costs less than the signature.
final class TokenDesk: Sendable {
    static let capacity = 16_384
    /// Tokens verified in one call, and bytes of them together: less than a millisecond of the loop's time.
    static let atOnceMax = 32
    static let atOnceBytesMax = 32_768

    /// What becomes of tokens whose key is not there.
    let watch: KeyWatch
    /// `nil` when no key is configured: then every token is refused.
    private let verifier: Mutex<TokenVerifier?>
    private let queue = DispatchQueue(label: "belfry.tokens", attributes: .concurrent)
    private let waiting = Atomic<Int>(0)
    private let unixSeconds: @Sendable () -> Int64

    init(
        verifier: TokenVerifier?, watch: KeyWatch = KeyWatch(), unixSeconds: @escaping @Sendable () -> Int64
    ) {
        self.verifier = Mutex(verifier)
        self.watch = watch
        self.unixSeconds = unixSeconds
    }

    /// New keys or a new policy, from the next batch on.
    func replace(_ verifier: TokenVerifier?) { self.verifier.withLock { $0 = verifier } }

    /// Verifies on the calling thread when that costs less than the way to another one and back (decision 0005).
    ///
    /// - Returns: The verdicts in the order of the jobs; `nil` when the jobs belong to ``verify(_:deliver:)``.
    func verifyAtOnce(_ jobs: [TokenJob]) -> [TokenVerdict]? {
        guard jobs.count <= Self.atOnceMax,
            jobs.reduce(0, { $0 &+ $1.token.count }) <= Self.atOnceBytesMax
        else { return nil }
        let verifier = self.verifier.withLock { $0 }
        guard verifier?.areAllSymmetric ?? true else { return nil }
        return jobs.map { $0.verdict(of: verifier, watch, now: unixSeconds()) }
    }

    /// Verifies a batch; `deliver` is called once, on another thread.
    func verify(_ jobs: [TokenJob], deliver: @escaping @Sendable ([TokenVerdict]) -> Void) {
        let total = waiting.add(jobs.count, ordering: .relaxed).newValue
        guard total <= Self.capacity else {
            waiting.subtract(jobs.count, ordering: .relaxed)
            return deliver(jobs.map(\.overloaded))
        }
        let verifier = self.verifier.withLock { $0 }
        queue.async { [self] in
            let verdicts = jobs.map { $0.verdict(of: verifier, watch, now: unixSeconds()) }
            waiting.subtract(jobs.count, ordering: .relaxed)
            deliver(verdicts)
        }
    }
}

extension TokenJob {
    fileprivate func verdict(of verifier: TokenVerifier?, _ watch: KeyWatch, now: Int64) -> TokenVerdict {
        let began = MonotonicClock.now()
        var outcome = verifier.map { self.outcome(of: $0, now: now) } ?? refusal(.kid)
        let duration = MonotonicClock.now() - began
        if let refusal = outcome.refusal {
            outcome = self.refusal(watch.judge(refusal, of: token, by: verifier))
        }
        let evidence = outcome.refusal == nil ? nil : verifier?.evidence(of: token)
        return TokenVerdict(slot: slot, outcome: outcome, evidence: evidence, duration: duration)
    }

    private func outcome(of verifier: TokenVerifier, now: Int64) -> TokenVerdict.Outcome {
        switch purpose {
        case .connection: .connection(verifier.verifyConnection(token, now: now))
        case .subscription: .subscription(verifier.verifySubscription(token, now: now))
        case .upgrade: .upgrade(verifier.verifyConnection(token, now: now))
        }
    }

    fileprivate var overloaded: TokenVerdict {
        TokenVerdict(slot: slot, outcome: refusal(.internal), evidence: nil, duration: .zero)
    }

    private func refusal(_ refusal: TokenRefusal) -> TokenVerdict.Outcome {
        switch purpose {
        case .connection: .connection(.failure(refusal))
        case .subscription: .subscription(.failure(refusal))
        case .upgrade: .upgrade(.failure(refusal))
        }
    }
}

extension TokenVerdict.Outcome {
    var refusal: TokenRefusal? {
        switch self {
        case .connection(.failure(let refusal)), .subscription(.failure(let refusal)),
            .upgrade(.failure(let refusal)):
            refusal
        case .connection(.success), .subscription(.success), .upgrade(.success): nil
        }
    }
}
