import BelfryBytes
import BelfryHub
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfrySidePort

// What taps see of channels: at the home what is to be published, on each loop with members what they get.

extension LoopWorker where K: Kernel {
    /// This loop is the channel's home.
    func tapRequest(_ request: HubRequest, at now: Instant) {
        guard case .publish(let channel, let publication, _, let asker) = request else { return }
        for tap in taps.following(channel: channel) {
            guard var entry = tap.entry(.publish, at: now) else { continue }
            entry.add("channel", channel)
            if let info = publication.info {
                entry.add("client", info.client)
                if !info.user.isEmpty { entry.add("user", shownName(of: info.user)) }
            }
            if case .call = asker { entry.add("by", "api") }
            entry.add("bytes", publication.data.count)
            if tap.showsBodies { entry.add(body: publication.data) }
            tap.feed.show(entry)
        }
    }

    /// A publication stands in the queues of the channel's members here.
    func tapFanOut(
        _ delivery: PublicationDelivery, _ channel: String, to recipients: Int, at now: Instant
    ) {
        for tap in taps.following(channel: channel) {
            guard let message = delivery.frames.anyMessage, var entry = tap.entry(.publication, at: now)
            else {
                continue
            }
            entry.add("recipients", recipients)
            entry.add("loop", index)
            describe(message, byteCount: message.data?.count ?? 0, in: &entry, for: tap)
            tap.feed.show(entry)
        }
        for (tap, slots) in taps.ofUsers {
            for member in members(of: channel, among: slots) {
                guard let variant = delivery.variant(for: member), isDelivered(delivery, to: member, channel)
                else { continue }
                show(delivery.frames, variant, SlotID(token: member.connection), to: tap, at: now)
            }
        }
    }

    private func isDelivered(_ delivery: PublicationDelivery, to member: Member, _ channel: String) -> Bool {
        let slot = SlotID(token: member.connection)
        guard connections.contains(slot), connections[slot].takesFrames else { return false }
        return !member.contains(.filter) || isWanted(delivery.tags, by: slot, in: channel)
    }

    /// A join or a leave stands in the queues of those who want to hear of it.
    func tapAnnounced(_ frames: PushFrames, _ channel: String, at now: Instant) {
        for (tap, slots) in taps.ofUsers {
            for member in members(of: channel, among: slots) where member.receivesJoins {
                let variant: FrameVariant = member.contains(.protobuf) ? .protobuf : .json
                show(frames, variant, SlotID(token: member.connection), to: tap, at: now)
            }
        }
    }

    private func show(
        _ frames: PushFrames, _ variant: FrameVariant, _ slot: SlotID, to tap: LoopTap, at now: Instant
    ) {
        guard connections.contains(slot), let frame = frames[variant],
            let message = SentMessage(frame: frame, codec: variant.codec),
            var entry = tap.entry(.push, at: now)
        else { return }
        name(slot, in: &entry, of: tap)
        entry.add("push", message.name)
        describe(message, byteCount: frame.count, in: &entry, for: tap)
        tap.feed.show(entry)
    }

    /// Few connections are looked for in the list, many by their numbers.
    private func members(of channel: String, among slots: Set<SlotID>) -> [Member] {
        guard !slots.isEmpty else { return [] }
        let members = self.members.members(of: channel)
        guard slots.count <= 8 else {
            return members.filter { slots.contains(SlotID(token: $0.connection)) }
        }
        return slots.compactMap { slot in members.first { $0.connection == slot.token } }
    }
}

extension PushFrames {
    /// What it says, read from whichever form there is; in full if one is.
    fileprivate var anyMessage: SentMessage? {
        for variant in [FrameVariant.json, .protobuf, .jsonString, .jsonPatch, .protobufPatch] {
            if let frame = self[variant] { return SentMessage(frame: frame, codec: variant.codec) }
        }
        return nil
    }
}

extension SentMessage {
    /// Reads the one message of a whole frame that the server made: unmasked (RFC 6455, 5.2).
    init?(frame: [UInt8], codec: Codec) {
        guard frame.count >= 2 else { return nil }
        let start =
            switch frame[1] & 0x7F {
            case 126: 4
            case 127: 10
            default: 2
            }
        guard start <= frame.count else { return nil }
        self.init(frame.span.extracting(start..<frame.count), codec: codec)
    }
}
