import BelfryBytes
import BelfryHub
import BelfryProtocol
import BelfryReactor
import BelfrySession

// From a channel's push to the queues of its members on this loop.

/// The forms of one push in the loop's frame table, plain and compressed.
struct FrameCopies {
    struct Copy {
        let index: FrameIndex
        let byteCount: Int
        var taken = 0
    }

    private var copies: InlineArray<10, Copy?> = InlineArray(repeating: nil)

    subscript(form: FrameForm) -> Copy? {
        get { copies[form.place] }
        set { copies[form.place] = newValue }
    }

    mutating func take(_ form: FrameForm) { copies[form.place]?.taken += 1 }

    /// Compressed, where there is such a frame and the plain one is no longer than a receiver's window allows.
    func form(_ variant: FrameVariant, compressedUpTo byteCountMax: Int) -> FrameForm {
        let compressed = FrameForm(variant: variant, isCompressed: true)
        let plain = FrameForm(variant: variant)
        guard copies[compressed.place] != nil, let byteCount = copies[plain.place]?.byteCount else {
            return plain
        }
        return byteCount <= byteCountMax ? compressed : plain
    }
}

/// A variant of a push, plain or compressed.
struct FrameForm {
    let variant: FrameVariant
    var isCompressed = false

    /// The compressed ones stand behind the five plain ones.
    var place: Int { Int(variant.rawValue) + (isCompressed ? 5 : 0) }

    static let all = [false, true].flatMap { isCompressed in
        FrameVariant.allCases.map { FrameForm(variant: $0, isCompressed: isCompressed) }
    }
}

extension LoopWorker where K: Kernel {
    /// One entry in the frame table a form, one small index a member: nothing here allocates, locks or counts references.
    mutating func fanOut(_ delivery: PublicationDelivery, _ channel: String, reactor: inout LoopReactor) {
        let members = self.members.members(of: channel)
        guard !members.isEmpty else { return }
        let now = reactor.kernel.now()
        if let receivedAt = delivery.receivedAt { observer.returned(after: now - receivedAt) }
        var copies = insert(
            delivery.frames, receivedAt: delivery.receivedAt, queuedAt: now, holders: members.count)
        var unreadable: [SlotID] = []
        for member in members {
            guard let variant = delivery.variant(for: member) else { continue }
            let slot = SlotID(token: member.connection)
            if member.contains(.filter), !isWanted(delivery.tags, by: slot, in: channel) { continue }
            let form =
                member.contains(.compressed)
                ? copies.form(variant, compressedUpTo: compressedBytesMax(slot)) : FrameForm(variant: variant)
            guard let copy = copies[form] else {
                unreadable.append(slot)
                continue
            }
            if append(copy.index, copy.byteCount, slot) { copies.take(form) }
        }
        let taken = release(copies, holders: members.count)
        observer.fannedOut(to: taken)
        traffic.fannedOut(in: channel, to: taken)
        if !taps.isEmpty { tapFanOut(delivery, channel, to: taken, at: reactor.now) }
        self.members.delivered(delivery.offset, of: channel)
        for slot in unreadable { meetUnreadable(slot, reactor: &reactor) }
    }

    func isWanted(_ tags: [Tag], by slot: SlotID, in channel: String) -> Bool {
        guard connections.contains(slot) else { return false }
        return connections[slot].session?.wants(tags, in: channel) ?? false
    }

    mutating func announce(_ frames: PushFrames, _ channel: String) {
        let members = self.members.members(of: channel).filter(\.receivesJoins)
        guard !members.isEmpty else { return }
        var copies = insert(frames, receivedAt: nil, queuedAt: nil, holders: members.count)
        for member in members {
            let slot = SlotID(token: member.connection)
            let form = copies.form(
                member.contains(.protobuf) ? .protobuf : .json, compressedUpTo: compressedBytesMax(slot))
            guard let copy = copies[form] else { continue }
            if append(copy.index, copy.byteCount, slot) { copies.take(form) }
        }
        _ = release(copies, holders: members.count)
    }

    private mutating func insert(
        _ pushFrames: PushFrames, receivedAt: Instant?, queuedAt: Instant?, holders: Int
    ) -> FrameCopies {
        var copies = FrameCopies()
        for form in FrameForm.all {
            let bytes = form.isCompressed ? pushFrames.compressed(form.variant) : pushFrames[form.variant]
            guard let bytes else { continue }
            let index = frames.insert(
                OutboundFrame(bytes: bytes, receivedAt: receivedAt, queuedAt: queuedAt), holders: holders)
            copies[form] = FrameCopies.Copy(index: index, byteCount: bytes.count)
        }
        return copies
    }

    /// Gives back what no queue has taken.
    ///
    /// - Returns: How many queues took one.
    private mutating func release(_ copies: FrameCopies, holders: Int) -> Int {
        var taken = 0
        for form in FrameForm.all {
            guard let copy = copies[form] else { continue }
            frames.release(copy.index, holders: holders - copy.taken)
            observer.pushed(to: copy.taken, byteCount: copy.byteCount, isText: form.variant.codec.isText)
            taken += copy.taken
        }
        return taken
    }

    /// Ends the subscriptions that were promised every publication, before the next one is delivered.
    mutating func losePositions(in channel: String, _ cause: PositionLoss, reactor: inout LoopReactor) {
        let losers = members.members(of: channel).filter { $0.contains(.positioned) }
        for member in losers {
            let slot = SlotID(token: member.connection)
            guard connections.contains(slot) else { continue }
            connections[slot].session?.losePosition(in: channel, into: &actions)
            perform(slot, reactor: &reactor)
        }
        observer.positionsLost(losers.count, in: channel, cause)
    }

    /// Closes the connections that a newer one of their user replaces.
    mutating func displaceMembers(of channel: String, reactor: inout LoopReactor) {
        for member in members.members(of: channel) {
            let slot = SlotID(token: member.connection)
            guard connections.contains(slot) else { continue }
            connections[slot].session?.displaced(from: channel, into: &actions)
            perform(slot, reactor: &reactor)
        }
    }

    private mutating func meetUnreadable(_ slot: SlotID, reactor: inout LoopReactor) {
        guard connections.contains(slot) else { return }
        connections[slot].session?.meetUnreadable(into: &actions)
        perform(slot, reactor: &reactor)
    }
}
