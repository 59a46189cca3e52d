import Testing

@testable import BelfryProtocol

/// What the server says in the exchanges of the protocol paper (section 26), byte for byte in both codecs.
@Suite struct CodecWritingTests {
    struct Say: CustomTestStringConvertible, Sendable {
        let name: String
        let json: String
        let fields: [Field]
        let write: @Sendable (Codec, inout [UInt8]) -> Void
        var testDescription: String { name }

        init(
            _ name: String, _ json: String, _ fields: [Field],
            _ write: @escaping @Sendable (Codec, inout [UInt8]) -> Void
        ) {
            self.name = name
            self.json = json
            self.fields = fields
            self.write = write
        }
    }

    private static func payload(_ json: String) -> [UInt8] { Array(json.utf8) }

    private static func publication(_ json: String, _ offset: UInt64) -> Publication {
        Publication(data: payload(json), offset: offset)
    }

    private static func connected(_ client: String) -> ConnectResult {
        var result = ConnectResult(client: client, version: "relay 0.1.0")
        result.ping = 25
        result.pong = true
        return result
    }

    private static let connectedFields: [Field] = [.text(2, "relay 0.1.0")]
    private static let pingFields: [Field] = [.number(7, 25), .flag(8)]

    private static func position(_ offset: UInt64, _ epoch: String) -> StreamPosition {
        StreamPosition(offset: offset, epoch: epoch)
    }

    private static func recoverable(_ offset: UInt64, _ epoch: String = "tGbRqLmX") -> SubscribeResult {
        var result = SubscribeResult()
        result.recoverable = true
        result.positioned = true
        result.position = position(offset, epoch)
        return result
    }

    private static func recovered(_ result: SubscribeResult, _ publications: [Publication]) -> SubscribeResult
    {
        var result = result
        result.recovered = true
        result.wasRecovering = true
        result.publications = publications
        return result
    }

    private static func push(_ channel: String, _ field: Int, _ fields: [Field]) -> [Field] {
        [.message(4, [.text(2, channel), .message(field, fields)])]
    }

    private static func info(_ user: String, _ client: String, _ rest: [Field] = []) -> [Field] {
        [.text(1, user), .text(2, client)] + rest
    }

    private static func error(_ id: UInt64, _ code: UInt64, _ message: String, _ rest: [Field] = [])
        -> [Field]
    {
        [.number(1, id), .message(2, [.number(1, code), .text(2, message)] + rest)]
    }

    static let connects: [Say] = [
        Say(
            "E1",
            #"{"id":1,"connect":{"client":"0f7c1d52-6c3e-4f2a-9d0e-6a3f5b1c7e10","version":"relay 0.1.0","ping":25,"pong":true}}"#,
            [
                .number(1, 1),
                .message(
                    5, [.text(1, "0f7c1d52-6c3e-4f2a-9d0e-6a3f5b1c7e10")] + connectedFields + pingFields),
            ]
        ) {
            $0.replies.connect(id: 1, connected("0f7c1d52-6c3e-4f2a-9d0e-6a3f5b1c7e10"), into: &$1)
        },
        Say(
            "E2",
            ##"{"id":1,"connect":{"client":"c1","version":"relay 0.1.0","expires":true,"ttl":3600,"subs":{"#42":{"recoverable":true,"epoch":"hQwZpKdN","positioned":true}},"ping":25,"pong":true}}"##,
            [
                .number(1, 1),
                .message(
                    5,
                    [.text(1, "c1")] + connectedFields + [
                        .flag(3), .number(4, 3600),
                        .message(
                            6,
                            [.text(1, "#42"), .message(2, [.flag(3), .text(6, "hQwZpKdN"), .flag(10)])]),
                    ] + pingFields),
            ]
        ) {
            var result = connected("c1")
            result.expiry = Expiry(ttl: 3600)
            result.subs = [ServerSubscription(channel: "#42", result: recoverable(0, "hQwZpKdN"))]
            $0.replies.connect(id: 1, result, into: &$1)
        },
        Say(
            "E2 join", ##"{"push":{"channel":"#42","join":{"info":{"user":"42","client":"c1"}}}}"##,
            push("#42", 5, [.message(1, info("42", "c1"))])
        ) {
            $0.pushes.join(channel: "#42", ClientInfo(user: "42", client: "c1"), into: &$1)
        },
        Say("E3", #"{"id":1,"error":{"code":109,"message":"token expired"}}"#, error(1, 109, "token expired"))
        {
            $0.replies.error(id: 1, .tokenExpired, into: &$1)
        },
        Say("E5 subscribe", #"{"id":2,"subscribe":{}}"#, [.number(1, 2), .message(6, [])]) {
            $0.replies.subscribe(id: 2, SubscribeResult(), into: &$1)
        },
        Say(
            "E5 error", #"{"id":3,"error":{"code":103,"message":"permission denied"}}"#,
            error(3, 103, "permission denied")
        ) {
            $0.replies.error(id: 3, .permissionDenied, into: &$1)
        },
        Say("E6", "{}", []) { $0.replies.ping(into: &$1) },
    ]

    static let recoveries: [Say] = [
        Say(
            "E7 subscribe",
            #"{"id":4,"subscribe":{"recoverable":true,"epoch":"tGbRqLmX","positioned":true}}"#,
            [.number(1, 4), .message(6, [.flag(3), .text(6, "tGbRqLmX"), .flag(10)])]
        ) {
            $0.replies.subscribe(id: 4, recoverable(0), into: &$1)
        },
        Say(
            "E7 first",
            #"{"push":{"channel":"recovery:r1","pub":{"data":{"text":"one"},"info":{"user":"7","client":"c9"},"offset":1,"epoch":"tGbRqLmX"}}}"#,
            push(
                "recovery:r1", 4,
                [
                    .text(4, #"{"text":"one"}"#), .message(5, info("7", "c9")), .number(6, 1),
                    .text(14, "tGbRqLmX"),
                ])
        ) {
            let one = Publication(
                data: payload(#"{"text":"one"}"#), info: ClientInfo(user: "7", client: "c9"), offset: 1,
                epoch: "tGbRqLmX")
            $0.pushes.publication(channel: "recovery:r1", one, into: &$1)
        },
        Say(
            "E8",
            #"{"id":2,"subscribe":{"recoverable":true,"epoch":"tGbRqLmX","publications":[{"data":{"text":"three"},"offset":3},{"data":{"text":"four"},"offset":4}],"recovered":true,"offset":2,"positioned":true,"was_recovering":true}}"#,
            [
                .number(1, 2),
                .message(
                    6,
                    [
                        .flag(3), .text(6, "tGbRqLmX"),
                        .message(7, [.text(4, #"{"text":"three"}"#), .number(6, 3)]),
                        .message(7, [.text(4, #"{"text":"four"}"#), .number(6, 4)]), .flag(8), .number(9, 2),
                        .flag(10), .flag(12),
                    ]),
            ]
        ) {
            let missed = [publication(#"{"text":"three"}"#, 3), publication(#"{"text":"four"}"#, 4)]
            $0.replies.subscribe(id: 2, recovered(recoverable(2), missed), into: &$1)
        },
        Say(
            "E9",
            #"{"id":2,"subscribe":{"recoverable":true,"epoch":"tGbRqLmX","recovered":true,"offset":4,"positioned":true,"was_recovering":true}}"#,
            [
                .number(1, 2),
                .message(
                    6, [.flag(3), .text(6, "tGbRqLmX"), .flag(8), .number(9, 4), .flag(10), .flag(12)]),
            ]
        ) {
            $0.replies.subscribe(id: 2, recovered(recoverable(4), []), into: &$1)
        },
        Say(
            "E10",
            #"{"id":2,"subscribe":{"recoverable":true,"epoch":"tGbRqLmX","offset":50,"positioned":true,"was_recovering":true}}"#,
            [
                .number(1, 2),
                .message(6, [.flag(3), .text(6, "tGbRqLmX"), .number(9, 50), .flag(10), .flag(12)]),
            ]
        ) {
            var result = recoverable(50)
            result.wasRecovering = true
            $0.replies.subscribe(id: 2, result, into: &$1)
        },
        Say(
            "E11, E15 error", #"{"id":2,"error":{"code":112,"message":"unrecoverable position"}}"#,
            error(2, 112, "unrecoverable position")
        ) {
            $0.replies.error(id: 2, .unrecoverablePosition, into: &$1)
        },
        Say(
            "E12",
            #"{"id":2,"subscribe":{"recoverable":true,"epoch":"pLkJhGfD","publications":[{"data":{"price":61023.5},"offset":812}],"recovered":true,"positioned":true,"was_recovering":true}}"#,
            [
                .number(1, 2),
                .message(
                    6,
                    [
                        .flag(3), .text(6, "pLkJhGfD"),
                        .message(7, [.text(4, #"{"price":61023.5}"#), .number(6, 812)]), .flag(8), .flag(10),
                        .flag(12),
                    ]),
            ]
        ) {
            let newest = publication(#"{"price":61023.5}"#, 812)
            $0.replies.subscribe(id: 2, recovered(recoverable(0, "pLkJhGfD"), [newest]), into: &$1)
        },
    ]

    static let answers: [Say] = [
        Say("E13 reply", #"{"id":5,"publish":{}}"#, [.number(1, 5), .message(8, [])]) {
            $0.replies.publish(id: 5, into: &$1)
        },
        Say(
            "E14 presence",
            #"{"id":6,"presence":{"presence":{"c1":{"user":"42","client":"c1","conn_info":{"name":"Ada"}},"c2":{"user":"","client":"c2"}}}}"#,
            [
                .number(1, 6),
                .message(
                    9,
                    [
                        .message(
                            1,
                            [.text(1, "c1"), .message(2, info("42", "c1", [.text(3, #"{"name":"Ada"}"#)]))]
                        ),
                        .message(1, [.text(1, "c2"), .message(2, [.text(2, "c2")])]),
                    ]),
            ]
        ) {
            let clients = [
                ClientInfo(user: "42", client: "c1", connInfo: payload(#"{"name":"Ada"}"#)),
                ClientInfo(user: "", client: "c2"),
            ]
            $0.replies.presence(id: 6, clients, into: &$1)
        },
        Say(
            "E14 stats", #"{"id":7,"presence_stats":{"num_clients":2,"num_users":2}}"#,
            [.number(1, 7), .message(10, [.number(1, 2), .number(2, 2)])]
        ) {
            $0.replies.presenceStats(id: 7, PresenceStatsResult(clients: 2, users: 2), into: &$1)
        },
        Say(
            "E15 top", #"{"id":8,"history":{"publications":[],"epoch":"tGbRqLmX","offset":4}}"#,
            [.number(1, 8), .message(11, [.text(2, "tGbRqLmX"), .number(3, 4)])]
        ) {
            let top = HistoryResult(publications: [], position: position(4, "tGbRqLmX"))
            $0.replies.history(id: 8, top, into: &$1)
        },
        Say(
            "E15 backwards",
            #"{"id":10,"history":{"publications":[{"data":{"text":"four"},"offset":4},{"data":{"text":"three"},"offset":3}],"epoch":"tGbRqLmX","offset":4}}"#,
            [
                .number(1, 10),
                .message(
                    11,
                    [
                        .message(1, [.text(4, #"{"text":"four"}"#), .number(6, 4)]),
                        .message(1, [.text(4, #"{"text":"three"}"#), .number(6, 3)]), .text(2, "tGbRqLmX"),
                        .number(3, 4),
                    ]),
            ]
        ) {
            let page = HistoryResult(
                publications: [publication(#"{"text":"four"}"#, 4), publication(#"{"text":"three"}"#, 3)],
                position: position(4, "tGbRqLmX"))
            $0.replies.history(id: 10, page, into: &$1)
        },
        Say(
            "E16", #"{"id":13,"rpc":{"data":{"now":1767225600}}}"#,
            [.number(1, 13), .message(13, [.text(1, #"{"now":1767225600}"#)])]
        ) {
            $0.replies.rpc(id: 13, data: payload(#"{"now":1767225600}"#), into: &$1)
        },
        Say("E17", #"{"id":14,"unsubscribe":{}}"#, [.number(1, 14), .message(7, [])]) {
            $0.replies.unsubscribe(id: 14, into: &$1)
        },
        Say(
            "E19 refresh", #"{"id":20,"refresh":{"expires":true,"ttl":3600}}"#,
            [.number(1, 20), .message(14, [.flag(3), .number(4, 3600)])]
        ) {
            $0.replies.refresh(id: 20, Expiry(ttl: 3600), into: &$1)
        },
        Say(
            "E19 sub_refresh", #"{"id":21,"sub_refresh":{"expires":true,"ttl":600}}"#,
            [.number(1, 21), .message(15, [.flag(1), .number(2, 600)])]
        ) {
            $0.replies.subRefresh(id: 21, Expiry(ttl: 600), into: &$1)
        },
        Say(
            "E24", #"{"id":30,"error":{"code":111,"message":"too many requests","temporary":true}}"#,
            error(30, 111, "too many requests", [.flag(3)])
        ) {
            $0.replies.error(id: 30, .tooManyRequests, into: &$1)
        },
        // A result without a field is there all the same.
        Say("empty refresh", #"{"id":3,"refresh":{}}"#, [.number(1, 3), .message(14, [])]) {
            $0.replies.refresh(id: 3, nil, into: &$1)
        },
        Say("empty sub_refresh", #"{"id":3,"sub_refresh":{}}"#, [.number(1, 3), .message(15, [])]) {
            $0.replies.subRefresh(id: 3, nil, into: &$1)
        },
        Say("empty rpc", #"{"id":3,"rpc":{}}"#, [.number(1, 3), .message(13, [])]) {
            $0.replies.rpc(id: 3, data: nil, into: &$1)
        },
    ]

    static let pushes: [Say] = [
        Say(
            "E13 echo",
            #"{"push":{"channel":"chat:lobby","pub":{"data":{"text":"hello"},"info":{"user":"42","client":"c1","conn_info":{"name":"Ada"}}}}}"#,
            push(
                "chat:lobby", 4,
                [
                    .text(4, #"{"text":"hello"}"#),
                    .message(5, info("42", "c1", [.text(3, #"{"name":"Ada"}"#)])),
                ])
        ) {
            let ada = ClientInfo(user: "42", client: "c1", connInfo: payload(#"{"name":"Ada"}"#))
            let echo = Publication(data: payload(#"{"text":"hello"}"#), info: ada)
            $0.pushes.publication(channel: "chat:lobby", echo, into: &$1)
        },
        Say(
            "E18 join",
            #"{"push":{"channel":"chat:lobby","join":{"info":{"user":"7","client":"c9","chan_info":{"role":"mod"}}}}}"#,
            push("chat:lobby", 5, [.message(1, info("7", "c9", [.text(4, #"{"role":"mod"}"#)]))])
        ) {
            let moderator = ClientInfo(user: "7", client: "c9", chanInfo: payload(#"{"role":"mod"}"#))
            $0.pushes.join(channel: "chat:lobby", moderator, into: &$1)
        },
        Say(
            "E18 leave",
            #"{"push":{"channel":"chat:lobby","leave":{"info":{"user":"7","client":"c9","chan_info":{"role":"mod"}}}}}"#,
            push("chat:lobby", 6, [.message(1, info("7", "c9", [.text(4, #"{"role":"mod"}"#)]))])
        ) {
            let moderator = ClientInfo(user: "7", client: "c9", chanInfo: payload(#"{"role":"mod"}"#))
            $0.pushes.leave(channel: "chat:lobby", moderator, into: &$1)
        },
        Say(
            "E20",
            #"{"push":{"channel":"recovery:r1","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#,
            push("recovery:r1", 7, [.number(2, 2500), .text(3, "insufficient state")])
        ) {
            $0.pushes.unsubscribe(channel: "recovery:r1", .insufficientState, into: &$1)
        },
        Say(
            "E21 live",
            #"{"push":{"channel":"news","subscribe":{"recoverable":true,"epoch":"aaBBccDD","offset":9,"positioned":true}}}"#,
            push("news", 9, [.flag(1), .text(4, "aaBBccDD"), .number(5, 9), .flag(6)])
        ) {
            $0.pushes.subscribe(channel: "news", recoverable(9, "aaBBccDD"), into: &$1)
        },
        Say(
            "E21 reconnect",
            #"{"id":1,"connect":{"client":"c3","version":"relay 0.1.0","subs":{"news":{"recoverable":true,"epoch":"aaBBccDD","publications":[{"data":{"h":"x"},"offset":10}],"recovered":true,"offset":9,"positioned":true,"was_recovering":true}},"ping":25,"pong":true}}"#,
            [
                .number(1, 1),
                .message(
                    5,
                    [.text(1, "c3")] + connectedFields + [
                        .message(
                            6,
                            [
                                .text(1, "news"),
                                .message(
                                    2,
                                    [
                                        .flag(3), .text(6, "aaBBccDD"),
                                        .message(7, [.text(4, #"{"h":"x"}"#), .number(6, 10)]), .flag(8),
                                        .number(9, 9), .flag(10), .flag(12),
                                    ]),
                            ])
                    ] + pingFields),
            ]
        ) {
            var result = connected("c3")
            let news = recovered(recoverable(9, "aaBBccDD"), [publication(#"{"h":"x"}"#, 10)])
            result.subs = [ServerSubscription(channel: "news", result: news)]
            $0.replies.connect(id: 1, result, into: &$1)
        },
        Say(
            "E23",
            #"{"push":{"channel":"tagged:t","pub":{"data":{"n":1},"tags":{"lang":"de","prio":"5"}}}}"#,
            push(
                "tagged:t", 4,
                [
                    .text(4, #"{"n":1}"#), .message(7, [.text(1, "lang"), .text(2, "de")]),
                    .message(7, [.text(1, "prio"), .text(2, "5")]),
                ])
        ) {
            let tagged = Publication(data: payload(#"{"n":1}"#), tags: [Tag("lang", "de"), Tag("prio", "5")])
            $0.pushes.publication(channel: "tagged:t", tagged, into: &$1)
        },
        Say(
            "time of a publication", #"{"push":{"channel":"c","pub":{"data":1,"time":1767225600000}}}"#,
            push("c", 4, [.text(4, "1"), .number(9, 1_767_225_600_000)])
        ) {
            let publication = Publication(data: payload("1"), time: 1_767_225_600_000)
            $0.pushes.publication(channel: "c", publication, into: &$1)
        },
        Say(
            "message", #"{"push":{"message":{"data":{}}}}"#,
            [.message(4, [.message(8, [.text(1, "{}")])])]
        ) { $0.pushes.message(payload("{}"), into: &$1) },
        Say(
            "disconnect", #"{"push":{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}}"#,
            [.message(4, [.message(11, [.number(1, 3001), .text(2, "shutdown"), .flag(3)])])]
        ) { $0.pushes.disconnect(.shutdown, into: &$1) },
        Say(
            "refresh", #"{"push":{"refresh":{"expires":true,"ttl":60}}}"#,
            [.message(4, [.message(12, [.flag(1), .number(2, 60)])])]
        ) { $0.pushes.refresh(Expiry(ttl: 60), into: &$1) },
    ]

    @Test(arguments: connects + recoveries + answers + pushes)
    func `both codecs say the same`(say: Say) throws {
        #expect(text { say.write(.json, &$0) } == say.json)
        #expect(jsonError(say.json) == nil)
        #expect(bytes { say.write(.protobuf, &$0) } == frame(say.fields))
    }

    @Test func `the rare fields of a subscribe and a connect result have their places`() {
        var sub = SubscribeResult()
        sub.expiry = Expiry(ttl: 5)
        sub.data = Array("[]".utf8)
        sub.delta = true
        sub.channelID = 4
        sub.publishDebounce = 250
        #expect(
            text { JSONReplies.subscribe(id: 1, sub, into: &$0) } == #"""
                {"id":1,"subscribe":{"expires":true,"ttl":5,"data":[],"delta":true,"id":4,"publish_debounce":250}}
                """#)
        let fields: [Field] = [
            .flag(1), .number(2, 5), .text(11, "[]"), .flag(13), .number(14, 4), .number(19, 250),
        ]
        #expect(
            bytes { ProtobufReplies.subscribe(id: 1, sub, into: &$0) }
                == frame([.number(1, 1), .message(6, fields)]))

        var result = Self.connected("c")
        result.expiry = Expiry(ttl: 9)
        result.data = Array("1".utf8)
        // In the order of their names, whatever the order they came in.
        result.subs = [
            ServerSubscription(channel: "b", result: SubscribeResult()),
            ServerSubscription(channel: "a", result: SubscribeResult()),
        ]
        result.session = "s"
        result.node = "n"
        result.time = 1
        let subs: [Field] = ["a", "b"].map { .text(1, $0) }
        func entries(_ field: Int) -> [Field] { subs.map { .message(field, [$0, .message(2, [])]) } }
        let reply: [Field] =
            [.text(1, "c"), .text(2, "relay 0.1.0"), .flag(3), .number(4, 9), .text(5, "1")] + entries(6)
            + [.number(7, 25), .flag(8), .text(9, "s"), .text(10, "n"), .number(11, 1)]
        #expect(
            bytes { ProtobufReplies.connect(id: 1, result, into: &$0) }
                == frame([.number(1, 1), .message(5, reply)]))
        // The push has other numbers (protocol.md 6).
        let push: [Field] =
            [.text(1, "c"), .text(2, "relay 0.1.0"), .text(3, "1")] + entries(4)
            + [
                .flag(5), .number(6, 9), .number(7, 25), .flag(8), .text(9, "s"), .text(10, "n"),
                .number(11, 1),
            ]
        #expect(
            bytes { ProtobufPushes.connect(result, into: &$0) }
                == frame([.message(4, [.message(10, push)])]))
        #expect(
            text { JSONPushes.connect(ConnectResult(client: "c", version: "v"), into: &$0) }
                == #"{"push":{"connect":{"client":"c","version":"v"}}}"#)
    }

    @Test(arguments: Codec.allCases)
    func `writing appends and never looks into what stands before`(codec: Codec) {
        let ping = bytes { codec.replies.ping(into: &$0) }
        let reply = bytes { codec.replies.publish(id: 1, into: &$0) }
        let both = bytes {
            codec.replies.ping(into: &$0)
            codec.appendSeparator(into: &$0)
            codec.replies.publish(id: 1, into: &$0)
        }
        #expect(both == ping + (codec.isText ? [ASCII.lineFeed] : []) + reply)
    }
}

@Suite struct PayloadFormTests {
    @Test(
        arguments: [
            ("", .json), ("1", .json), (#"{"a":"\n"}"#, .json), (" [1] ", .json), ("{\n}", .jsonOnManyLines),
            ("1\r", .jsonOnManyLines), ("\n", .binary), ("{", .binary), (#"1},"x":{"y":1"#, .binary),
            ("1\n{}", .binary), ("\u{FEFF}1", .binary),
        ] as [(String, PayloadForm)])
    func `a payload is JSON on one line, JSON on many, or neither`(text: String, form: PayloadForm) throws {
        #expect(PayloadForm(of: Array(text.utf8)) == form)
        let publish: [Field] = [.message(7, [.text(1, "c"), .text(2, text)])]
        guard case .publish(let request) = try protobufRequest(publish) else {
            Issue.record("no publish")
            return
        }
        #expect(request.form == form && (request.data ?? []) == Array(text.utf8))
    }

    @Test func `JSON receivers get JSON on one line, Protobuf receivers the bytes`() {
        let pretty = Array("{\r\n  \"a\": 1\n}".utf8)
        let publication = Publication(data: pretty, form: PayloadForm(of: pretty))
        #expect(publication.isReadable(by: .json) && publication.isReadable(by: .protobuf))
        #expect(
            text { JSONPushes.publication(channel: "c", publication, into: &$0) }
                == #"{"push":{"channel":"c","pub":{"data":{  "a": 1}}}}"#)
        #expect(
            bytes { ProtobufPushes.publication(channel: "c", publication, into: &$0) }
                == frame([.message(4, [.text(2, "c"), .message(4, [.bytes(4, pretty)])])]))
    }

    @Test(arguments: [#"1},"error":{"code":1"#, "1}}}\n{}", "\u{0}"])
    func `no bytes of a Protobuf client break out of a JSON push`(text payload: String) {
        let data = Array(payload.utf8)
        let publication = Publication(data: data, form: PayloadForm(of: data))
        #expect(!publication.isReadable(by: .json) && publication.isReadable(by: .protobuf))
        #expect(
            text { JSONPushes.publication(channel: "c", publication, into: &$0) }
                == #"{"push":{"channel":"c","pub":{"data":null}}}"#)
        var result = SubscribeResult()
        #expect(result.isReadable(by: .json))
        result.publications = [publication]
        let history = HistoryResult(publications: [publication], position: StreamPosition())
        #expect(!result.isReadable(by: .json) && !history.isReadable(by: .json))
        #expect(result.isReadable(by: .protobuf) && history.isReadable(by: .protobuf))
    }

    /// protocol.md 19, exchange E22 and vector A.3.
    @Test func `with deltas, JSON receivers get text in a string and Protobuf receivers bytes`() throws {
        let patch = Publication(
            data: Array("s\nq@0,2:2}2XvmCa;".utf8), offset: 2, isDelta: true, form: .binary)
        let quoted = try #require(patch.quoted())
        #expect(quoted.isReadable(by: .json))
        #expect(
            text { JSONPushes.publication(channel: "delta:d", quoted, into: &$0) } == #"""
                {"push":{"channel":"delta:d","pub":{"data":"s\nq@0,2:2}2XvmCa;","offset":2,"delta":true}}}
                """#)
        #expect(
            bytes { ProtobufPushes.publication(channel: "delta:d", patch, into: &$0) }
                == frame([
                    .message(
                        4,
                        [
                            .text(2, "delta:d"),
                            .message(4, [.text(4, "s\nq@0,2:2}2XvmCa;"), .number(6, 2), .flag(8)]),
                        ])
                ]))
        #expect(Publication(data: [0xC3]).quoted() == nil)
        #expect(Publication(data: []).quoted()?.data == Array(#""""#.utf8))
    }
}
