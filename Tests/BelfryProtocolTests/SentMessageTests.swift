import Testing

@testable import BelfryProtocol

@Suite("Sent messages read back") struct SentMessageTests {
    private static func read(_ codec: Codec, _ write: (inout [UInt8]) -> Void) -> SentMessage? {
        var bytes: [UInt8] = []
        write(&bytes)
        return SentMessage(bytes.span, codec: codec)
    }

    @Test(arguments: Codec.allCases) func `an error says whose reply it is, and why`(codec: Codec) throws {
        let message = try #require(
            Self.read(codec) { codec.replies.error(id: 7, .permissionDenied, into: &$0) })
        #expect(message.id == 7 && message.name == "error" && !message.isPush)
        #expect(message.code == 103 && message.reason == "permission denied")
    }

    @Test(arguments: Codec.allCases) func `a reply says what it answers`(codec: Codec) {
        let (stats, empty) = (PresenceStatsResult(clients: 1, users: 1), StreamPosition())
        let replies: [(String, (inout [UInt8]) -> Void)] = [
            (
                "connect",
                { codec.replies.connect(id: 1, ConnectResult(client: "c", version: "v"), into: &$0) }
            ),
            ("unsubscribe", { codec.replies.unsubscribe(id: 1, into: &$0) }),
            ("publish", { codec.replies.publish(id: 1, into: &$0) }),
            ("presence", { codec.replies.presence(id: 1, [ClientInfo(user: "u", client: "c")], into: &$0) }),
            ("presence_stats", { codec.replies.presenceStats(id: 1, stats, into: &$0) }),
            ("refresh", { codec.replies.refresh(id: 1, Expiry(ttl: 9), into: &$0) }),
            ("sub_refresh", { codec.replies.subRefresh(id: 1, nil, into: &$0) }),
            (
                "history",
                { codec.replies.history(id: 1, HistoryResult(publications: [], position: empty), into: &$0) }
            ),
        ]
        for (name, write) in replies {
            let message = Self.read(codec, write)
            #expect(message?.name == name && message?.id == 1 && message?.code == nil)
        }
    }

    @Test(arguments: Codec.allCases) func `a subscribe reply tells its position and what it recovered`(
        codec: Codec
    ) throws {
        var result = SubscribeResult()
        result.position = StreamPosition(offset: 5, epoch: "e")
        // As deep as a client may send it.
        let deep = Array((String(repeating: "[", count: 31) + String(repeating: "]", count: 31)).utf8)
        result.publications = [Publication(data: deep, offset: 4), Publication(data: [0x31], offset: 5)]
        let message = try #require(Self.read(codec) { codec.replies.subscribe(id: 2, result, into: &$0) })
        #expect(message.offset == 5 && message.publicationCount == 2 && message.data == nil)
    }

    @Test(arguments: Codec.allCases) func `a publication tells channel, offset, publisher and payload`(
        codec: Codec
    ) throws {
        let data = Array(#"{"x":"}\""}"#.utf8)
        let publication = Publication(data: data, info: ClientInfo(user: "ada", client: "c1"), offset: 9)
        let message = try #require(
            Self.read(codec) { codec.pushes.publication(channel: "a:b", publication, into: &$0) })
        #expect(message.isPush && message.name == "pub" && message.channel == "a:b" && message.offset == 9)
        #expect(message.user == "ada" && message.client == "c1" && message.data == data && !message.isPatch)
    }

    @Test(arguments: Codec.allCases) func `other pushes tell who and why`(codec: Codec) {
        let info = ClientInfo(user: "bob", client: "c2")
        let join = Self.read(codec) { codec.pushes.join(channel: "c", info, into: &$0) }
        #expect(join?.name == "join" && join?.user == "bob" && join?.client == "c2")
        let leave = Self.read(codec) { codec.pushes.leave(channel: "c", info, into: &$0) }
        #expect(leave?.name == "leave" && leave?.channel == "c")
        let ended = Self.read(codec) { codec.pushes.unsubscribe(channel: "c", .insufficientState, into: &$0) }
        #expect(ended?.name == "unsubscribe" && ended?.code == UnsubscribeCode.insufficientState.code)
        let sent = Self.read(codec) { codec.pushes.message([0x31], into: &$0) }
        #expect(sent?.name == "message" && sent?.data == [0x31] && sent?.channel == "")
    }

    @Test(arguments: Codec.allCases) func `a ping is no message, and neither is half of one`(codec: Codec) {
        #expect(Self.read(codec) { codec.replies.ping(into: &$0) } == nil)
        var whole: [UInt8] = []
        codec.replies.error(id: 1, .expired, into: &whole)
        for count in 0..<whole.count {
            #expect(SentMessage(whole.span.extracting(0..<count), codec: codec) == nil)
        }
    }
}
