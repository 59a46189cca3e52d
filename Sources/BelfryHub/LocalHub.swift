// The members that one loop's connections hold in each channel: the list a publication walks.

/// One member of a channel on this loop.
@frozen package struct Member: Equatable, Sendable {
    /// The loop's own name for the connection, generation included.
    package let connection: UInt64
    /// Joins and leaves are pushed to it as well.
    package let receivesJoins: Bool

    @inlinable package init(connection: UInt64, receivesJoins: Bool) {
        self.connection = connection
        self.receivesJoins = receivesJoins
    }
}

/// Members in no particular order, with removal in constant time however large the channel is.
@frozen package struct MemberList {
    @usableFromInline var members: [Member] = []
    /// Where each connection stands; only kept once searching the list would be slower.
    @usableFromInline var places: [UInt64: Int] = [:]

    /// Below this many members a scan beats a dictionary, in time and in 40 bytes a member.
    private static let scannedMax = 32

    package var count: Int { members.count }

    mutating func append(_ member: Member) {
        members.append(member)
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

    /// Removes a member; does nothing when it is not there.
    package mutating func leave(connection: UInt64, channel: String) {
        guard channels[channel]?.remove(connection: connection) == true else { return }
        membershipCount -= 1
        if channels[channel]?.count == 0 { channels[channel] = nil }
    }

    /// The members to walk for a push; an array that is shared, not copied.
    @inlinable package func members(of channel: String) -> [Member] { channels[channel]?.members ?? [] }
}
