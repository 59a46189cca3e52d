import BelfryHub
import Testing

@Suite("Local hub")
struct LocalHubTests {
    @Test("members can leave in any order from channels of any size", arguments: [1, 2, 31, 32, 33, 34, 200])
    func anyOrder(size: Int) {
        var hub = LocalHub()
        for connection in 0..<size {
            hub.join(Member(connection: UInt64(connection)), channel: "c")
        }
        var left = Set((0..<size).map { UInt64($0) })
        for step in 0..<size {
            let connection = UInt64((step * 7 + 3) % size)
            let leaving = left.contains(connection) ? connection : (left.first ?? 0)
            hub.leave(connection: leaving, channel: "c")
            left.remove(leaving)
            #expect(Set(hub.members(of: "c").map(\.connection)) == left)
        }
        #expect(hub.channelCount == 0)
        #expect(hub.membershipCount == 0)
    }

    @Test func `leaving twice changes nothing`() {
        var hub = LocalHub()
        hub.join(Member(connection: 1, .joins), channel: "c")
        hub.leave(connection: 2, channel: "c")
        hub.leave(connection: 1, channel: "other")
        #expect(hub.membershipCount == 1)
    }
}

/// The forms of a publication that members get.
@Suite("Members and forms")
struct MemberFormTests {
    private func delivery(_ offset: UInt64, hasPatch: Bool) -> PublicationDelivery {
        var frames = PushFrames()
        if hasPatch { (frames.jsonPatch, frames.protobufPatch) = ([1], [1]) }
        return PublicationDelivery(frames: frames, offset: offset)
    }

    @Test(
        "each member gets its own form",
        arguments: [
            ([], false, .json), ([], true, .json), (.protobuf, true, .protobuf), (.delta, false, .jsonString),
            ([.delta, .protobuf], false, .protobuf), (.delta, true, .jsonString),
        ] as [(MemberOptions, Bool, FrameVariant)])
    func forms(options: MemberOptions, hasPatch: Bool, form: FrameVariant) {
        #expect(delivery(1, hasPatch: hasPatch).variant(for: Member(connection: 1, options)) == form)
    }

    @Test(
        "a member takes patches after its first full publication",
        arguments: [(.delta, .jsonPatch), ([.delta, .protobuf], .protobufPatch)]
            as [(MemberOptions, FrameVariant)])
    func base(options: MemberOptions, form: FrameVariant) throws {
        var hub = LocalHub()
        hub.join(Member(connection: 1, options, startsAfter: 2), channel: "c")
        hub.delivered(2, of: "c")
        #expect(try !#require(hub.members(of: "c").first).hasBase)
        hub.delivered(3, of: "c")
        let member = try #require(hub.members(of: "c").first)
        #expect(delivery(4, hasPatch: true).variant(for: member) == form)
        #expect(delivery(4, hasPatch: false).variant(for: member) != form)
    }

    @Test(
        "what came with the reply is not delivered again",
        arguments: [(1, false), (5, false), (6, true), (0, true)])
    func startsAfter(offset: UInt64, isDelivered: Bool) {
        let variant = delivery(offset, hasPatch: false)
            .variant(for: Member(connection: 1, .positioned, startsAfter: 5))
        #expect((variant != nil) == isDelivered)
    }
}

@Suite("Channel home")
struct ChannelHomeTests {
    @Test("every channel has one home and each loop gets its share", arguments: [1, 2, 3, 8])
    func spread(loops: Int) {
        var counts = Array(repeating: 0, count: loops)
        for number in 0..<4_000 {
            let home = ChannelHome.loop(of: "chat:room\(number)", among: loops)
            #expect(home == ChannelHome.loop(of: "chat:room\(number)", among: loops))
            counts[home] += 1
        }
        let share = 4_000 / loops
        #expect(counts.allSatisfy { $0 > share * 8 / 10 && $0 < share * 12 / 10 || loops == 1 })
    }
}
