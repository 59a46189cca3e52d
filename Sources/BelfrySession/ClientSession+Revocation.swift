package import BelfryAuth

// An operator takes back what a client came in with.

extension ClientSession {
    /// The token that stands for the client: the one that admitted it, or the one its upgrade request brought.
    package var bearer: ConnectionToken? { token ?? upgradeToken }

    /// Whether the client is here by what `denial` takes back.
    package func isHere(by denial: Denial) -> Bool {
        guard let bearer else { return false }
        return denial.covers(bearer.proof.mark, of: bearer.user)
    }

    /// Ends the subscriptions whose own token is taken back, as if it had run out: a client that has another token
    /// comes back with it.
    ///
    /// A subscribe that its home has not answered yet is answered first, and ends then.
    ///
    /// - Returns: Whether there were any.
    package mutating func endSubscriptions(
        by denial: Denial, at clock: SessionClock, into actions: inout [SessionAction]
    ) -> Bool {
        var found = false
        for (channel, subscription) in subscriptions {
            guard let mark = subscription.mark?.mark, denial.covers(mark, of: user) else { continue }
            subscriptions[channel]?.expiresAt = 0
            found = true
        }
        if found { expire(at: clock, into: &actions) }
        return found
    }
}
