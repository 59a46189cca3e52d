import BelfryAuth
import BelfryBytes
import BelfryHub
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfrySidePort

// What an operator who follows a user or a channel is shown. Each of these is called only while there are taps: without
// one, a message costs a branch in each of the places that call here, and a delivery nothing.

extension LoopWorker where K: Kernel {
    /// Connections looked at in one go: a thousand take about 0.1 ms.
    private static var tapSlice: Int { 1_024 }

    mutating func take(_ notice: TapNotice, reactor: inout LoopReactor) {
        switch notice {
        case .close(let number): taps.remove(number)
        case .open(let tap, let cursor):
            // Its end may have overtaken it.
            guard tap.feed.end == nil else { return taps.remove(tap.number) }
            if cursor == 0 {
                taps.add(tap)
                tap.start.heard()
            }
            guard let user = tap.user, taps.contains(tap.number) else { return }
            findConnections(of: user, for: tap, from: cursor, reactor: &reactor)
        }
    }

    private mutating func findConnections(
        of user: String, for tap: LoopTap, from cursor: UInt32, reactor: inout LoopReactor
    ) {
        var (next, left) = (cursor, Self.tapSlice)
        while let slot = connections.live(from: next) {
            if left == 0 { return reactor.postToSelf(.tap(.open(tap, cursor: next))) }
            left -= 1
            next = slot.index + 1
            guard connections[slot].isOpen(of: user), taps.follow(slot, by: tap.number),
                var entry = tap.entry(.present, at: reactor.now)
            else { continue }
            describe(slot, in: &entry)
            tap.feed.show(entry)
        }
    }

    private func describe(_ slot: SlotID, in entry: inout TapEntry) {
        entry.add("client", connections[slot].id)
        entry.add("user", observer.subject(connections[slot])?.subject)
        connections[slot].describe(in: &entry)
        entry.add("loop", index)
    }

    // MARK: The session

    mutating func tapFact(_ fact: SessionFact, _ slot: SlotID, at now: Instant) {
        switch fact {
        case .authenticated(let method): tapConnected(slot, by: method, at: now)
        case .tokenRefused(let refusal): tapRefusedToken(refusal.label, slot, at: now)
        case .denied(let action, let channel, let reason):
            for tap in taps.following(slot) + taps.following(channel: channel) {
                guard var entry = tap.entry(.denied, at: now) else { continue }
                name(slot, in: &entry, of: tap)
                entry.add("action", action.rawValue)
                entry.add("channel", channel)
                entry.add("reason", reason.rawValue)
                tap.feed.show(entry)
            }
        default: return
        }
    }

    private mutating func tapConnected(_ slot: SlotID, by method: AdmissionMethod, at now: Instant) {
        for (tap, _) in taps.ofUsers where connections[slot].isOpen(of: tap.user ?? "") {
            _ = taps.follow(slot, by: tap.number)
            guard var entry = tap.entry(.connected, at: now) else { continue }
            describe(slot, in: &entry)
            entry.add("method", method.rawValue)
            tap.feed.show(entry)
        }
    }

    /// Of a connection that is followed, or of one whose token says that it is the user's; nobody has proved that.
    private func tapRefusedToken(_ reason: String, _ slot: SlotID, at now: Instant) {
        let claimed = evidence?.evidence?.subjectPseudonym
        for (tap, slots) in taps.ofUsers where slots.contains(slot) || claimed == tap.pseudonym {
            guard var entry = tap.entry(.tokenRefused, at: now) else { continue }
            entry.add("client", connections[slot].id)
            entry.add("address", connections[slot].peerText)
            entry.add("reason", reason)
            if !slots.contains(slot) { entry.add("claimed", true) }
            tap.feed.show(entry)
        }
    }

    mutating func tapJoined(_ channel: String, _ slot: SlotID, at now: Instant) {
        // Channels that come with the connect are joined before its reply.
        for (tap, _) in taps.ofUsers where connections[slot].isOpen(of: tap.user ?? "") {
            _ = taps.follow(slot, by: tap.number)
        }
        tapMembership(.joined, slot, channel, at: now)
    }

    func tapLeft(_ channel: String, _ slot: SlotID, at now: Instant) {
        tapMembership(.left, slot, channel, at: now)
    }

    private func tapMembership(_ kind: TapEntry.Kind, _ slot: SlotID, _ channel: String, at now: Instant) {
        for tap in taps.following(slot) + taps.following(channel: channel) {
            guard var entry = tap.entry(kind, at: now) else { continue }
            name(slot, in: &entry, of: tap)
            entry.add("channel", channel)
            tap.feed.show(entry)
        }
    }

    /// The end of the connection is decided.
    mutating func tapClosed(_ slot: SlotID, at now: Instant) {
        guard connections[slot].phase != .closing, connections[slot].phase != .lingering else { return }
        for (tap, slots) in taps.ofUsers
        where slots.contains(slot) || connections[slot].isOpen(of: tap.user ?? "") {
            guard var entry = tap.entry(.closed, at: now) else { continue }
            entry.add("client", connections[slot].id)
            connections[slot].describeEnd(in: &entry, at: now)
            tap.feed.show(entry)
        }
        taps.forget(slot)
    }

    // MARK: Commands and their answers

    mutating func tapCommand(_ command: Command, _ slot: SlotID, at now: Instant) {
        guard !command.isPong else { return }
        let followers = taps.following(slot)
        let channel = command.request.channel
        guard !followers.isEmpty || !taps.following(channel: channel).isEmpty else { return }
        let question = TapSet.Question(name: command.request.method, channel: channel)
        taps.ask(slot, command.id, question)
        for tap in followers {
            guard var entry = tap.entry(.command, at: now) else { continue }
            name(slot, in: &entry, of: tap)
            question.describe(in: &entry)
            command.describe(in: &entry, withBody: tap.showsBodies)
            tap.feed.show(entry)
        }
    }

    /// A reply or a push for this connection alone.
    mutating func tapSent(_ bytes: [UInt8], _ slot: SlotID, at now: Instant) {
        guard taps.isFollowed(slot) || taps.isAsked(slot),
            let message = SentMessage(bytes.span, codec: connections[slot].codec)
        else { return }
        let question = message.isPush ? nil : taps.answer(slot, message.id)
        for tap in taps.following(slot) {
            guard var entry = tap.entry(message.isPush ? .push : .reply, at: now) else { continue }
            name(slot, in: &entry, of: tap)
            if message.isPush {
                entry.add("push", message.name)
            } else {
                let known = message.name == "error" ? "" : message.name
                (question ?? TapSet.Question(name: known, channel: "")).describe(in: &entry)
                entry.add("id", message.id)
            }
            describe(message, byteCount: bytes.count, in: &entry, for: tap)
            tap.feed.show(entry)
        }
        guard message.name == "error", let question else { return }
        tapRefused(question, message, slot, at: now)
    }

    private func tapRefused(
        _ question: TapSet.Question, _ message: SentMessage, _ slot: SlotID, at now: Instant
    ) {
        for tap in taps.following(channel: question.channel) {
            guard var entry = tap.entry(.refused, at: now) else { continue }
            name(slot, in: &entry, of: tap)
            question.describe(in: &entry)
            entry.add("code", message.code)
            entry.add("reason", message.reason)
            tap.feed.show(entry)
        }
    }

    /// Who it is: on a user's tap the connection is enough.
    func name(_ slot: SlotID, in entry: inout TapEntry, of tap: LoopTap) {
        entry.add("client", connections[slot].id)
        if tap.user == nil { entry.add("user", observer.subject(connections[slot])?.subject) }
    }

    func describe(_ message: SentMessage, byteCount: Int, in entry: inout TapEntry, for tap: LoopTap) {
        entry.add("channel", message.channel)
        entry.add("code", message.code)
        entry.add("reason", message.reason)
        if message.offset > 0 { entry.add("offset", message.offset) }
        if message.publicationCount > 0 { entry.add("publications", message.publicationCount) }
        if !message.client.isEmpty { entry.add("of_client", message.client) }
        if !message.user.isEmpty { entry.add("of_user", shownName(of: message.user)) }
        entry.add("bytes", byteCount)
        if message.isPatch { entry.add("patch", true) }
        if tap.showsBodies, let data = message.data { entry.add(body: data) }
    }

    /// As the journal names users.
    func shownName(of user: String) -> String {
        observer.subjectsArePlain ? user : observer.pseudonym.of(user)
    }
}
