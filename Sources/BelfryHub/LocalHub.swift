// The members that one loop's connections hold in each channel: the list a publication walks.

/// What a member is and wants.
@frozen package struct MemberOptions: OptionSet, Sendable {
    package let rawValue: UInt8

    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Joins and leaves are pushed to it as well.
    @inlinable package static var joins: MemberOptions { MemberOptions(rawValue: 1) }
    /// Its frames are Protobuf; else JSON.
    @inlinable package static var protobuf: MemberOptions { MemberOptions(rawValue: 2) }
    /// Publications may reach it as patches.
    @inlinable package static var delta: MemberOptions { MemberOptions(rawValue: 4) }
    /// It gets only publications whose tags pass its filter.
    @inlinable package static var filter: MemberOptions { MemberOptions(rawValue: 8) }
    /// It was promised to hear of every publication.
    @inlinable package static var positioned: MemberOptions { MemberOptions(rawValue: 16) }
    /// It takes compressed frames.
    @inlinable package static var compressed: MemberOptions { MemberOptions(rawValue: 32) }
    /// It has had a full publication on which patches build.
    @usableFromInline static var base: MemberOptions { MemberOptions(rawValue: 128) }
}

/// One member of a channel on this loop.
@frozen package struct Member: Equatable, Sendable {
    /// The loop's own name for the connection, generation included.
    package let connection: UInt64
    /// Publications up to here came with its subscribe reply; 0 for subscriptions without positioning.
    package let startsAfter: UInt64
    @usableFromInline var options: MemberOptions

    @inlinable package init(connection: UInt64, _ options: MemberOptions = [], startsAfter: UInt64 = 0) {
        self.connection = connection
        self.options = options
        self.startsAfter = startsAfter
    }

    @inlinable package func contains(_ option: MemberOptions) -> Bool { options.contains(option) }
    @inlinable package var receivesJoins: Bool { options.contains(.joins) }
    /// It can take a patch against the channel's previous publication.
    @inlinable package var hasBase: Bool { options.contains(.base) }
}

/// Members in no particular order, with removal in constant time however large the channel is.
@frozen package struct MemberList {
    @usableFromInline var members: [Member] = []
    /// Where each connection stands; only kept once searching the list would be slower.
    @usableFromInline var places: [UInt64: Int] = [:]
    /// Members with delta may be waiting for their first full publication.
    @usableFromInline var hasNewcomers = false

    /// Below this many members a scan beats a dictionary, in time and in 48 bytes a member.
    private static let scannedMax = 32

    package var count: Int { members.count }

    mutating func append(_ member: Member) {
        members.append(member)
        if member.contains(.delta) { hasNewcomers = true }
        if !places.isEmpty {
            places[member.connection] = members.count - 1
        } else if members.count > Self.scannedMax {
            for (place, member) in members.enumerated() { places[member.connection] = place }
        }
    }

    mutating func remove(connection: UInt64) -> Bool {
        guard let place = place(of: connection) else { return false }
        let last = members.removeLast()
        if place < members.count {
            members[place] = last
            if !places.isEmpty { places[last.connection] = place }
        }
        places[connection] = nil
        return true
    }

    /// Gives a base to the members with delta that a publication reached.
    mutating func giveBase(_ offset: UInt64) {
        hasNewcomers = false
        for place in members.indices where members[place].contains(.delta) {
            if offset == 0 || offset > members[place].startsAfter {
                members[place].options.insert(.base)
            } else {
                hasNewcomers = true
            }
        }
    }

    private func place(of connection: UInt64) -> Int? {
        if !places.isEmpty { return places[connection] }
        return members.firstIndex { $0.connection == connection }
    }
}

/// The channels in which this loop's connections are members.
@frozen package struct LocalHub {
    @usableFromInline var channels: [String: MemberList] = [:]
    /// Memberships of all channels together.
    package private(set) var membershipCount = 0

    package init() {}

    /// Channels with at least one member here.
    package var channelCount: Int { channels.count }

    /// Adds a member; the caller keeps a connection from joining twice.
    package mutating func join(_ member: Member, channel: String) {
        channels[channel, default: MemberList()].append(member)
        membershipCount += 1
    }

    /// Removes a member.
    ///
    /// - Returns: `false` when it is not there.
    @discardableResult
    package mutating func leave(connection: UInt64, channel: String) -> Bool {
        guard channels[channel]?.remove(connection: connection) == true else { return false }
        membershipCount -= 1
        if channels[channel]?.count == 0 { channels[channel] = nil }
        return true
    }

    /// The members to walk for a push; an array that is shared, not copied.
    @inlinable package func members(of channel: String) -> [Member] { channels[channel]?.members ?? [] }

    /// Notes that a publication went to the channel's members, so that those with delta can take a patch next.
    ///
    /// To be called after each walk over ``members(of:)`` for a publication. Free for channels without delta.
    ///
    /// - `offset`: The publication's; 0 when it was not stored.
    package mutating func delivered(_ offset: UInt64, of channel: String) {
        guard channels[channel]?.hasNewcomers == true else { return }
        channels[channel]?.giveBase(offset)
    }
}
