import Testing

@testable import BelfryProtocol

/// The exchanges of the protocol paper (section 26) once more: both codecs say the same.
@Suite struct ProtobufExchangeTests {
    struct Ask: CustomTestStringConvertible, Sendable {
        let name: String
        let json: String
        let fields: [Field]
        var testDescription: String { name }

        init(_ name: String, _ json: String, _ fields: [Field]) {
            self.name = name
            self.json = json
            self.fields = fields
        }
    }

    private static func subscribe(_ id: UInt64, _ channel: String, _ rest: [Field], flag: UInt64 = 1)
        -> [Field]
    {
        [.number(1, id), .message(5, [.text(1, channel)] + rest + [.number(14, flag)])]
    }

    private static func recover(_ offset: UInt64, _ epoch: String = "tGbRqLmX") -> [Field] {
        [.flag(3), .text(6, epoch), .number(7, offset)]
    }

    static let asks: [Ask] = [
        Ask("E1", #"{"id":1,"connect":{"name":"js"}}"#, [.number(1, 1), .message(4, [.text(4, "js")])]),
        Ask(
            "E2",
            #"{"id":1,"connect":{"token":"<jwt sub=42 exp=+3600>","name":"python","version":"1.4"}}"#,
            [
                .number(1, 1),
                .message(4, [.text(1, "<jwt sub=42 exp=+3600>"), .text(4, "python"), .text(5, "1.4")]),
            ]),
        Ask(
            "E3", #"{"id":1,"connect":{"token":"<expired jwt>"}}"#,
            [.number(1, 1), .message(4, [.text(1, "<expired jwt>")])]),
        Ask(
            "E4", #"{"id":1,"connect":{"token":"garbage"}}"#,
            [.number(1, 1), .message(4, [.text(1, "garbage")])]),
        Ask(
            "E5", #"{"id":2,"subscribe":{"channel":"chat:lobby","flag":1}}"#, subscribe(2, "chat:lobby", [])),
        Ask("E5", #"{"id":3,"subscribe":{"channel":"$secret","flag":1}}"#, subscribe(3, "$secret", [])),
        Ask("E6", "{}", []),
        Ask(
            "E7", #"{"id":4,"subscribe":{"channel":"recovery:r1","flag":1}}"#,
            subscribe(4, "recovery:r1", [])),
        Ask(
            "E8",
            #"{"id":2,"subscribe":{"channel":"recovery:r1","recover":true,"offset":2,"epoch":"tGbRqLmX","flag":1}}"#,
            subscribe(2, "recovery:r1", recover(2))),
        Ask(
            "E9",
            #"{"id":2,"subscribe":{"channel":"recovery:r1","recover":true,"offset":4,"epoch":"tGbRqLmX","flag":1}}"#,
            subscribe(2, "recovery:r1", recover(4))),
        Ask(
            "E10",
            #"{"id":2,"subscribe":{"channel":"smallhistory:r1","recover":true,"offset":4,"epoch":"tGbRqLmX","flag":1}}"#,
            subscribe(2, "smallhistory:r1", recover(4))),
        Ask(
            "E11",
            #"{"id":2,"subscribe":{"channel":"smallhistory:r1","recover":true,"offset":4,"epoch":"tGbRqLmX","flag":3}}"#,
            subscribe(2, "smallhistory:r1", recover(4), flag: 3)),
        Ask(
            "E12", #"{"id":2,"subscribe":{"channel":"ticker:btc","recover":true,"flag":1}}"#,
            subscribe(2, "ticker:btc", [.flag(3)])),
        Ask(
            "E13, E24", #"{"id":5,"publish":{"channel":"chat:lobby","data":{"text":"hello"}}}"#,
            [.number(1, 5), .message(7, [.text(1, "chat:lobby"), .text(2, #"{"text":"hello"}"#)])]),
        Ask(
            "E14", #"{"id":6,"presence":{"channel":"chat:lobby"}}"#,
            [.number(1, 6), .message(8, [.text(1, "chat:lobby")])]),
        Ask(
            "E14", #"{"id":7,"presence_stats":{"channel":"chat:lobby"}}"#,
            [.number(1, 7), .message(9, [.text(1, "chat:lobby")])]),
        Ask(
            "E15", #"{"id":8,"history":{"channel":"recovery:r1"}}"#,
            [.number(1, 8), .message(10, [.text(1, "recovery:r1")])]),
        Ask(
            "E15",
            #"{"id":9,"history":{"channel":"recovery:r1","limit":2,"since":{"offset":1,"epoch":"tGbRqLmX"}}}"#,
            [
                .number(1, 9),
                .message(
                    10,
                    [
                        .text(1, "recovery:r1"), .number(7, 2),
                        .message(8, [.number(1, 1), .text(2, "tGbRqLmX")]),
                    ]),
            ]),
        Ask(
            "E15", #"{"id":10,"history":{"channel":"recovery:r1","limit":2,"reverse":true}}"#,
            [.number(1, 10), .message(10, [.text(1, "recovery:r1"), .number(7, 2), .flag(9)])]),
        Ask(
            "E15",
            #"{"id":11,"history":{"channel":"recovery:r1","limit":1,"since":{"offset":1,"epoch":"OTHERONE"}}}"#,
            [
                .number(1, 11),
                .message(
                    10,
                    [
                        .text(1, "recovery:r1"), .number(7, 1),
                        .message(8, [.number(1, 1), .text(2, "OTHERONE")]),
                    ]),
            ]),
        Ask(
            "E16", #"{"id":12,"rpc":{"method":"typing","data":{"room":"lobby"}}}"#,
            [.number(1, 12), .message(13, [.text(1, #"{"room":"lobby"}"#), .text(2, "typing")])]),
        Ask("E16", #"{"send":{"data":{"seen":17}}}"#, [.message(12, [.text(1, #"{"seen":17}"#)])]),
        Ask(
            "E17", #"{"id":14,"unsubscribe":{"channel":"chat:lobby"}}"#,
            [.number(1, 14), .message(6, [.text(1, "chat:lobby")])]),
        Ask(
            "E19", #"{"id":20,"refresh":{"token":"<fresh jwt>"}}"#,
            [.number(1, 20), .message(14, [.text(1, "<fresh jwt>")])]),
        Ask(
            "E19", #"{"id":21,"sub_refresh":{"channel":"$secret","token":"<fresh subscription jwt>"}}"#,
            [.number(1, 21), .message(15, [.text(1, "$secret"), .text(2, "<fresh subscription jwt>")])]),
        Ask(
            "E21",
            #"{"id":1,"connect":{"token":"<jwt>","subs":{"news":{"recover":true,"offset":9,"epoch":"aaBBccDD"}}}}"#,
            [
                .number(1, 1),
                .message(
                    4,
                    [
                        .text(1, "<jwt>"),
                        .message(3, [.text(1, "news"), .message(2, recover(9, "aaBBccDD"))]),
                    ]),
            ]),
        Ask(
            "E22", #"{"id":3,"subscribe":{"channel":"delta:d","delta":"fossil","flag":1}}"#,
            subscribe(3, "delta:d", [.text(12, "fossil")])),
        Ask(
            "E23",
            #"{"id":3,"subscribe":{"channel":"tagged:t","tf":{"op":"and","nodes":[{"key":"lang","cmp":"eq","val":"de"},{"key":"prio","cmp":"gte","val":"3"}]},"flag":1}}"#,
            subscribe(
                3, "tagged:t",
                [
                    .message(
                        13,
                        [
                            .text(1, "and"),
                            .message(6, [.text(2, "lang"), .text(3, "eq"), .text(4, "de")]),
                            .message(6, [.text(2, "prio"), .text(3, "gte"), .text(4, "3")]),
                        ])
                ])),
        Ask(
            "E25", #"{"id":0,"publish":{"channel":"x","data":{}}}"#,
            [.message(7, [.text(1, "x"), .text(2, "{}")])]),
        Ask("E25", #"{"id":5,"ping":{}}"#, [.number(1, 5), .message(11, [])]),
        Ask("E25", #"{"id":6,"subscribe":{"channel":""}}"#, [.number(1, 6), .message(5, [])]),
        Ask(
            "everything in connect",
            #"{"id":1,"connect":{"data":{"a": 1},"headers":{"X-A":"1"},"flag":-3,"dict":"d","profile":"p"}}"#,
            [
                .number(1, 1),
                .message(
                    4,
                    [
                        .text(2, #"{"a": 1}"#), .message(6, [.text(1, "X-A"), .text(2, "1")]),
                        .number(7, UInt64(bitPattern: -3)), .text(8, "d"), .text(9, "p"),
                    ]),
            ]),
        Ask(
            "everything in subscribe",
            #"{"subscribe":{"channel":"c","token":"t","data":[],"positioned":true,"recoverable":true,"join_leave":true,"tf":{"key":"k","cmp":"in","vals":["a","b"]},"flag":2,"type":1,"phase":2,"cursor":"z","limit":-5,"asc":true}}"#,
            [
                .message(
                    5,
                    [
                        .text(1, "c"), .text(2, "t"), .text(8, "[]"), .flag(9), .flag(10), .flag(11),
                        .message(13, [.text(2, "k"), .text(3, "in"), .text(5, "a"), .text(5, "b")]),
                        .number(14, 2), .number(15, 1), .number(16, 2), .text(17, "z"),
                        .number(18, UInt64(bitPattern: -5)), .flag(19),
                    ])
            ]),
        Ask(
            "everything in publish",
            #"{"publish":{"channel":"c","data":5,"type":1,"key":"k","removed":true}}"#,
            [.message(7, [.text(1, "c"), .text(2, "5"), .number(3, 1), .text(4, "k"), .flag(5)])]),
        Ask(
            "a negative limit; type of sub_refresh", #"{"history":{"channel":"c","limit":-1}}"#,
            [.message(10, [.text(1, "c"), .number(7, UInt64(bitPattern: -1))])]),
        Ask(
            "sub_refresh of a shared poll",
            #"{"sub_refresh":{"channel":"c","type":1,"track":[{"items":[]}]}}"#,
            [.message(15, [.text(1, "c"), .number(3, 1), .message(4, [.text(1, "sig")])])]),
    ]

    @Test(arguments: asks)
    func `a command means the same in both codecs`(ask: Ask) throws {
        let json = try commands(ask.json)
        #expect(try protobufCommands(frame(ask.fields)) == json)
        #expect(json.count == 1)
    }

    @Test func `all commands in one frame, one behind the other`() throws {
        let message = Self.asks.flatMap { frame($0.fields) }
        let json = try commands(Self.asks.map(\.json).joined(separator: "\n"))
        #expect(try protobufCommands(message) == json)
    }
}

/// Appendix A.2, byte for byte.
@Suite struct ProtobufVectorTests {
    @Test func `ping and pong are one byte`() throws {
        #expect(bytes { ProtobufReplies.ping(into: &$0) } == hex("00"))
        #expect(try protobufCommands(hex("00")).map(\.isPong) == [true])
    }

    @Test func `the commands of the appendix`() throws {
        var connect = ConnectRequest()
        connect.name = "js"
        #expect(
            try protobufCommands(hex("080801220422026a73")) == [Command(id: 1, request: .connect(connect))])
        var subscribe = SubscribeRequest()
        subscribe.channel = "room"
        #expect(
            try protobufCommands(hex("0a08022a060a04726f6f6d"))
                == [Command(id: 2, request: .subscribe(subscribe))])
        var publish = PublishRequest()
        publish.channel = "room"
        publish.data = Array(#"{"a":1}"#.utf8)
        #expect(
            try protobufCommands(hex("1308033a0f0a04726f6f6d12077b2261223a317d"))
                == [Command(id: 3, request: .publish(publish))])
    }

    @Test func `the replies of the appendix`() {
        #expect(bytes { ProtobufReplies.publish(id: 3, into: &$0) } == hex("0408034200"))
        let publication = Publication(data: Array(#"{"a":1}"#.utf8), offset: 7)
        #expect(
            bytes { ProtobufPushes.publication(channel: "room", publication, into: &$0) }
                == hex("1522131204726f6f6d220b22077b2261223a317d3007"))
        #expect(
            bytes { ProtobufReplies.error(id: 2, .permissionDenied, into: &$0) }
                == hex("1908021215086712117065726d697373696f6e2064656e696564"))
    }
}
