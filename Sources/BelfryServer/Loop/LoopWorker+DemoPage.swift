import BelfryAuth
import BelfryBytes
import BelfryHTTP
import BelfryLimits
import BelfryObserve
import BelfryReactor

// The chat page and the tokens of its visitors, where `client.demo_page` is on (decision 0013).

extension LoopWorker where K: Kernel {
    mutating func welcome(_ slot: SlotID, _ head: RequestHead, reactor: inout LoopReactor) {
        guard let demo = settings.demo else { return answer(slot, .welcome, to: head, reactor: &reactor) }
        let answer = demo.page.answer(to: head)
        send(slot, answer.status, answer.bytes, reactor: &reactor)
    }

    mutating func giveGuestToken(_ slot: SlotID, _ head: RequestHead, reactor: inout LoopReactor) {
        guard let demo = settings.demo else { return refuse(slot, .notFound, reactor: &reactor) }
        do throws(HTTPRefusal) {
            let guest = try admitGuest(slot, head, now: reactor.now)
            let now = settings.unixSeconds()
            let token: String
            do { token = try demo.guests.token(for: guest, now: now) } catch { throw .internal }
            observer.guestAdmitted(guest, connections[slot], expiresAt: now &+ GuestSigner.lifetime)
            answer(slot, .guestToken(token, of: guest), to: head, reactor: &reactor)
        } catch {
            observer.guestRefused(error)
            refuse(slot, error, origin: head.value("Origin"), reactor: &reactor)
        }
    }

    /// The guest that asks, if this relay's own page does, and not too often.
    private func admitGuest(
        _ slot: SlotID, _ head: RequestHead, now: Instant
    ) throws(HTTPRefusal) -> Guest {
        guard drain == nil else { throw .unavailable(retryAfterSeconds: 1) }
        // A browser cannot be made to lie about it, so no other site gets tokens through its visitors.
        guard OriginPolicy.own.allows(head) else { throw .foreignPage }
        let outcome = settings.budgets.chargeGuestToken(
            for: addressKey(connections[slot].peer), policy: settings.limits, at: now)
        observer.limitDecided(outcome, scope: .address)
        if case .refused(let refusal) = outcome {
            throw .tooManyRequests(
                retryAfterSeconds: Int(clamping: refusal.retryAfter.components.seconds &+ 1))
        }
        guard let guest = Guest(head) else { throw .guest }
        return guest
    }
}

extension Guest {
    /// The name stands in the query, the secret in a field: no log has fields.
    fileprivate init?(_ head: RequestHead) {
        guard let name = head.target.query.value("name"), let secret = head.value("Belfry-Guest") else {
            return nil
        }
        self.init(name: name, secret: secret)
    }
}

extension HTTPResponse {
    /// Neither a token nor a guest's id has a character that JSON would escape.
    fileprivate static func guestToken(_ token: String, of guest: Guest) -> HTTPResponse {
        .json(#"{"token":"\#(token)","user":"\#(guest.user)","ttl":\#(GuestSigner.lifetime)}"# + "\n")
    }
}

extension LoopObserver {
    func guestAdmitted(_ guest: Guest, _ connection: borrowing Connection, expiresAt: Int64) {
        shard.count(.guestTokens(.issued))
        let subject = subjectsArePlain ? guest.user : pseudonym.of(guest.user)
        sink.record(
            .authGuestToken(context(connection), SubjectContext(subject: subject), expiresAt: expiresAt))
    }

    func guestRefused(_ refusal: HTTPRefusal) { shard.count(.guestTokens(GuestTokenResult(refusal))) }
}

extension GuestTokenResult {
    fileprivate init(_ refusal: HTTPRefusal) {
        self =
            switch refusal {
            case .foreignPage: .origin
            case .guest: .guest
            case .tooManyRequests: .limit
            case .unavailable: .draining
            default: .internal
            }
    }
}
