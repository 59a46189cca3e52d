import BelfryAuth
import BelfryHub
package import BelfryProtocol

// Pings and expiry: what happens when nothing comes from the client (protocol.md 8 and 12).

extension ClientSession {
    /// A ping is due; appends it.
    package mutating func ping(into actions: inout [SessionAction]) {
        guard isOpen else { return }
        pingsOutstanding += 1
        actions.send { codec.replies.ping(into: &$0) }
    }

    /// The time for a pong is over.
    package mutating func pongDue(into actions: inout [SessionAction]) {
        guard isOpen, pingsOutstanding > 0 else { return }
        end(.noPong, into: &actions)
    }

    mutating func pong(into actions: inout [SessionAction]) {
        // A pong may arrive just after the next ping went out; both are answered then (protocol.md 28, 10).
        guard pingsOutstanding > 0 else { return end(.badRequest, into: &actions) }
        pingsOutstanding -= 1
        actions.append(.ponged)
    }

    /// The earliest moment, in seconds since 1970, at which ``expire(at:into:)`` has something to do.
    package var nextExpiry: Int64? {
        // Who is still coming in has a deadline for that.
        guard isOpen else { return nil }
        var first = expiresAt
        for subscription in subscriptions.values {
            guard let end = subscription.end, end < first ?? .max else { continue }
            first = end
        }
        return first.map { end in
            let (moment, overflow) = end.addingReportingOverflow(policy.expiryGraceSeconds)
            return overflow ? .max : moment
        }
    }

    /// Closes the connection, or ends subscriptions, whose token ran out and was not refreshed within the grace.
    package mutating func expire(at clock: SessionClock, into actions: inout [SessionAction]) {
        guard isOpen else { return }
        let deadline = clock.unixSeconds - policy.expiryGraceSeconds
        if let expiresAt, expiresAt <= deadline {
            actions.append(.note(.expired(expiresAt)))
            return end(.connectionExpired, into: &actions)
        }
        for (channel, subscription) in subscriptions {
            guard let moment = subscription.end, moment <= deadline else { continue }
            if subscription.isServerSide { return end(.subscriptionExpired, into: &actions) }
            drop(channel, into: &actions)
            actions.send { codec.pushes.unsubscribe(channel: channel, .subscriptionExpired, into: &$0) }
        }
    }

    /// In insecure mode tokens are verified, but nothing ends with them (protocol.md 18.4).
    func effectiveExpiry(_ moment: Int64?) -> Int64? { policy.isInsecure ? nil : moment }

    /// Whether the issuer has set an end that has passed.
    ///
    /// `exp` is not judged again: the verifier did, and it knows the leeway. A client told 110 because a second
    /// has passed since then would never come back; let in, it refreshes at once.
    func isOver(_ expireAt: Int64?, _ proof: TokenProof, at clock: SessionClock) -> Bool {
        guard let moment = effectiveExpiry(expireAt), moment != proof.expiry else { return false }
        return moment <= clock.unixSeconds
    }

    /// The time to connect is over.
    package mutating func connectDue(into actions: inout [SessionAction]) {
        switch state {
        case .greeting, .unusable: end(.stale, into: &actions)
        // It has said connect: told that the server was late it comes back, told that itself was never.
        case .verifying(.connect), .entering: end(.internalServerError, into: &actions)
        case .verifying, .open, .ended: break
        }
    }

    /// Another connection has taken this one's place in a channel that belongs to one (protocol.md 18.5).
    package mutating func displaced(from channel: String, into actions: inout [SessionAction]) {
        guard subscriptions[channel]?.membership.isSole == true else { return }
        close(.connectionLimit, into: &actions)
    }

    /// The server closes the connection for a reason of its own, such as a missed deadline or a drain.
    package mutating func close(_ code: DisconnectCode, into actions: inout [SessionAction]) {
        if case .ended = state { return }
        end(code, into: &actions)
    }
}
