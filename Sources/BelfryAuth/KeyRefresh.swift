/// When to fetch the keys of an issuer.
///
///     idle ──due, or wanted and 10 s since the last start──▶ fetching ──good──▶ idle, due in `interval`
///                                                              └──bad──▶ idle, due in 10 s, 20 s, 40 s … `interval`
///
/// Always: one fetch at a time; two starts are at least ten seconds apart, however many unknown keys are met.
/// Times count from any fixed moment.
package struct KeyRefresh: Equatable, Sendable {
    /// Between two starts: an attacker who makes up key ids gets no more out of us (security.md B4).
    package static let gap = Duration.seconds(10)

    /// How old keys may get before they are fetched again; counts from the next answer on.
    package var interval: Duration
    private var due = Duration.zero
    private var lastStart: Duration?
    private var isFetching = false
    private var isWanted = false
    private var failures = 0

    /// Start of the last fetch that brought keys: they are the issuer's word from then on; nil before the first.
    package private(set) var answeredSince: Duration?

    package init(interval: Duration) { self.interval = interval }

    /// A token named a key that nobody has.
    package mutating func want() { isWanted = true }

    /// Whether to start a fetch now; whoever is told so must report its end.
    package mutating func starts(at now: Duration) -> Bool {
        guard !isFetching, isWanted || now >= due else { return false }
        if let lastStart, now - lastStart < Self.gap { return false }
        (isFetching, isWanted, lastStart) = (true, false, now)
        return true
    }

    package mutating func succeeded(at now: Duration) {
        (isFetching, failures, answeredSince) = (false, 0, lastStart)
        due = now + interval
    }

    package mutating func failed(at now: Duration) {
        isFetching = false
        // Capped before it is shifted: 10 s · 2^13 is a day, the longest interval.
        due = now + min(interval, Self.gap * (1 << min(failures, 13)))
        failures += 1
    }
}
