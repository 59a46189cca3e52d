import BelfryBroker
import BelfryProtocol

/// How many members one loop has in a channel, by the forms of a publication that they take.
struct MemberCounts {
    var json = 0
    var jsonDelta = 0
    var protobuf = 0
    var protobufDelta = 0

    var total: Int { json + jsonDelta + protobuf + protobufDelta }

    mutating func change(_ membership: Membership, by delta: Int) {
        switch (membership.codec, membership.wantsDelta) {
        case (.json, false): json += delta
        case (.json, true): jsonDelta += delta
        case (.protobuf, false): protobuf += delta
        case (.protobuf, true): protobufDelta += delta
        }
    }

    /// Whether one of them may get a publication in that form.
    func mayTake(_ variant: FrameVariant) -> Bool {
        switch variant {
        case .json: json > 0
        case .jsonString, .jsonPatch: jsonDelta > 0
        case .protobuf: protobuf + protobufDelta > 0
        case .protobufPatch: protobufDelta > 0
        }
    }

    func count(_ membership: Membership) -> Int {
        switch (membership.codec, membership.wantsDelta) {
        case (.json, false): json
        case (.json, true): jsonDelta
        case (.protobuf, false): protobuf
        case (.protobuf, true): protobufDelta
        }
    }
}

/// A channel that has members, or subscribes waiting, as its home sees it.
struct HomeChannel {
    /// Members on each loop.
    private(set) var loops: [MemberCounts]
    /// Members of all loops.
    private(set) var all = MemberCounts()
    /// Those of them that take compressed frames.
    private(set) var compressed = MemberCounts()
    /// Subscribes that wait for the broker.
    private(set) var waiting = 0
    /// Where in the buffer those that need a position began to wait, oldest first.
    private var starts: [Int] = []
    private var buffer = HandoverBuffer()
    /// The newest publication that came from the broker.
    private var live: StreamPosition?
    /// Where the first positioned member stood, until the first publication comes.
    private var expected: StreamPosition?
    /// Data of the previous publication, while some member takes patches.
    private var base: [UInt8]?
    /// Up to this offset some member with delta has had no full publication yet.
    private var newcomers: UInt64?
    /// Of the stream that positioned members follow; `nil` while there was none.
    private(set) var history: HistoryPolicy?
    /// The broker has been asked where the stream stands.
    var isLookedAt = false
    /// Where the broker stood when it was first found elsewhere than the members.
    var suspected: StreamPosition?

    /// What is to be done with a publication.
    struct Step {
        /// Publications are missing before it.
        let isGap: Bool
        /// What a patch would build on; `nil` when nobody takes one.
        let base: [UInt8]?
        /// Members with delta need it in full as well.
        let hasNewcomers: Bool
        let all: MemberCounts
        let compressed: MemberCounts
        let loops: [MemberCounts]
    }

    init(loops: Int) { self.loops = Array(repeating: MemberCounts(), count: loops) }

    var isUnused: Bool { waiting == 0 && all.total == 0 }

    // MARK: Subscribes that wait

    /// - Returns: Where the subscribe's part of the buffer begins.
    mutating func beginWaiting(isPositioned: Bool) -> Int {
        waiting += 1
        if isPositioned { starts.append(buffer.end) }
        return buffer.end
    }

    /// - Returns: What came meanwhile; `nil` when it was too much to keep.
    mutating func endWaiting(isPositioned: Bool, since start: Int) -> ArraySlice<BrokerPublication>? {
        waiting -= 1
        guard isPositioned else { return [] }
        let kept = buffer.since(start)
        if let place = starts.firstIndex(of: start) { starts.remove(at: place) }
        buffer.drop(before: starts.first)
        return kept
    }

    // MARK: Members

    mutating func add(
        _ membership: Membership, loop: Int, top: StreamPosition?, history: HistoryPolicy? = nil
    ) {
        loops[loop].change(membership, by: 1)
        all.change(membership, by: 1)
        if let history { self.history = history }
        if membership.takesCompressed { compressed.change(membership, by: 1) }
        if membership.wantsDelta { newcomers = max(newcomers ?? 0, top?.offset ?? 0) }
        if live == nil, expected == nil { expected = top }
    }

    /// Notes where the stream stands now.
    ///
    /// - Returns: Whether it has begun anew, which the positioned members do not know yet.
    mutating func meet(_ top: StreamPosition) -> Bool {
        guard let known = position, known.epoch != top.epoch else { return false }
        forgetPosition()
        return true
    }

    /// Where its members stand; `nil` before the first of them has a position.
    var position: StreamPosition? { live ?? expected }

    /// What comes next is not measured by what was known.
    mutating func forgetPosition() { (live, expected, suspected) = (nil, nil, nil) }

    /// - Returns: Whether there was such a member: a count below zero would hide the loop's later members.
    mutating func remove(_ membership: Membership, loop: Int) -> Bool {
        guard loops[loop].count(membership) > 0 else { return false }
        loops[loop].change(membership, by: -1)
        all.change(membership, by: -1)
        if membership.takesCompressed { compressed.change(membership, by: -1) }
        if all.jsonDelta + all.protobufDelta == 0 { (base, newcomers) = (nil, nil) }
        if all.total == 0 { forgetPosition() }
        return true
    }

    // MARK: Publications

    /// Takes a publication from the broker; `nil` when it has been seen before.
    mutating func receive(_ event: BrokerPublication) -> Step? {
        var isGap = false
        if let position = event.position {
            if !starts.isEmpty { buffer.append(event) }
            if let live, live.epoch == position.epoch, position.offset <= live.offset { return nil }
            isGap = isMissing(before: position)
            advance(to: position)
        }
        return Step(
            isGap: isGap, base: replaceBase(event), hasNewcomers: meetNewcomers(event.position), all: all,
            compressed: compressed, loops: loops)
    }

    private func isMissing(before position: StreamPosition) -> Bool {
        if let live { return live.epoch != position.epoch || position.offset != live.offset &+ 1 }
        guard let expected else { return false }
        return expected.epoch != position.epoch || position.offset > expected.offset &+ 1
    }

    private mutating func advance(to position: StreamPosition) {
        // Without members nothing is promised, and what comes may be left over from an earlier subscription.
        guard all.total > 0 else { return }
        // The first member's top may have been read ahead of events that are still to come.
        if let expected, expected.epoch == position.epoch, position.offset <= expected.offset { return }
        (live, expected) = (position, nil)
    }

    private mutating func replaceBase(_ event: BrokerPublication) -> [UInt8]? {
        guard all.jsonDelta + all.protobufDelta > 0 else { return nil }
        let previous = base
        base = event.publication.data
        return event.usesDelta ? previous : nil
    }

    private mutating func meetNewcomers(_ position: StreamPosition?) -> Bool {
        guard let newest = newcomers else { return false }
        if let position, position.offset <= newest { return true }
        newcomers = nil
        return true
    }
}
