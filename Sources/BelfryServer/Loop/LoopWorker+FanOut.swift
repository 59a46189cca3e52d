import BelfryBytes
import BelfryHub
import BelfryProtocol
import BelfryReactor
import BelfrySession

// From a channel's push to the queues of its members on this loop.

/// The forms of one push in the loop's frame table.
struct FrameCopies {
    struct Copy {
        let index: FrameIndex
        let byteCount: Int
        var taken = 0
    }

    private var copies: InlineArray<5, Copy?> = InlineArray(repeating: nil)

    subscript(variant: FrameVariant) -> Copy? {
        get { copies[Int(variant.rawValue)] }
        set { copies[Int(variant.rawValue)] = newValue }
    }

    mutating func take(_ variant: FrameVariant) { copies[Int(variant.rawValue)]?.taken += 1 }
}

extension LoopWorker where K: Kernel {
    /// One entry in the frame table a form, one small index a member: nothing here allocates, locks or counts references.
    mutating func fanOut(_ delivery: PublicationDelivery, _ channel: String, reactor: inout LoopReactor) {
        let members = self.members.members(of: channel)
        guard !members.isEmpty else { return }
        var copies = insert(delivery.frames, receivedAt: delivery.receivedAt, holders: members.count)
        var unreadable: [SlotID] = []
        for member in members {
            guard let variant = delivery.variant(for: member) else { continue }
            let slot = SlotID(token: member.connection)
            if member.contains(.filter), !isWanted(delivery.tags, by: slot, in: channel) { continue }
            guard let copy = copies[variant] else {
                unreadable.append(slot)
                continue
            }
            if append(copy.index, copy.byteCount, slot) { copies.take(variant) }
        }
        observer.fannedOut(to: release(copies, holders: members.count))
        self.members.delivered(delivery.offset, of: channel)
        for slot in unreadable { meetUnreadable(slot, reactor: &reactor) }
    }

    private func isWanted(_ tags: [Tag], by slot: SlotID, in channel: String) -> Bool {
        guard connections.contains(slot) else { return false }
        return connections[slot].session?.wants(tags, in: channel) ?? false
    }

    mutating func announce(_ frames: PushFrames, _ channel: String) {
        let members = self.members.members(of: channel).filter(\.receivesJoins)
        guard !members.isEmpty else { return }
        var copies = insert(frames, receivedAt: nil, holders: members.count)
        for member in members {
            let variant: FrameVariant = member.contains(.protobuf) ? .protobuf : .json
            guard let copy = copies[variant] else { continue }
            if append(copy.index, copy.byteCount, SlotID(token: member.connection)) { copies.take(variant) }
        }
        _ = release(copies, holders: members.count)
    }

    private mutating func insert(
        _ pushFrames: PushFrames, receivedAt: Instant?, holders: Int
    ) -> FrameCopies {
        var copies = FrameCopies()
        for variant in FrameVariant.allCases {
            guard let bytes = pushFrames[variant] else { continue }
            let index = frames.insert(OutboundFrame(bytes: bytes, receivedAt: receivedAt), holders: holders)
            copies[variant] = FrameCopies.Copy(index: index, byteCount: bytes.count)
        }
        return copies
    }

    /// Gives back what no queue has taken.
    ///
    /// - Returns: How many queues took one.
    private mutating func release(_ copies: FrameCopies, holders: Int) -> Int {
        var taken = 0
        for variant in FrameVariant.allCases {
            guard let copy = copies[variant] else { continue }
            frames.release(copy.index, holders: holders - copy.taken)
            observer.pushed(to: copy.taken, byteCount: copy.byteCount, isText: variant.codec.isText)
            taken += copy.taken
        }
        return taken
    }

    /// Ends the subscriptions that were promised every publication, before the next one is delivered.
    mutating func losePositions(in channel: String, reactor: inout LoopReactor) {
        for member in members.members(of: channel) where member.contains(.positioned) {
            let slot = SlotID(token: member.connection)
            guard connections.contains(slot) else { continue }
            connections[slot].session?.losePosition(in: channel, into: &actions)
            perform(slot, reactor: &reactor)
        }
    }

    private mutating func meetUnreadable(_ slot: SlotID, reactor: inout LoopReactor) {
        guard connections.contains(slot) else { return }
        connections[slot].session?.meetUnreadable(into: &actions)
        perform(slot, reactor: &reactor)
    }
}
