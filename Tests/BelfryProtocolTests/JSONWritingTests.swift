import Testing

@testable import BelfryProtocol

@Suite struct JSONWritingTests {
    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), (#"a"b\c"#, #""a\"b\\c""#), ("/", #""/""#),
        ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
        ("\u{0}\u{1}\u{F}\u{10}\u{1F}", #""\u0000\u0001\u000f\u0010\u001f""#),
        ("\u{7F}é😀\u{2028}\u{2029}", "\"\u{7F}é😀\u{2028}\u{2029}\""),
    ])
    func `strings are escaped no more than JSON asks`(value: String, json: String) throws {
        #expect(text { $0.appendJSONString(value.utf8) } == json)
        #expect(jsonError(json) == nil)
        var scanner = JSONScanner()
        #expect(try scanner.string(Array(json.utf8).span) == value)
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 9_007_199_254_740_993, UInt64.max])
    func `numbers are written in decimal`(value: UInt64) {
        #expect(text { $0.appendDecimal(value) } == String(value))
    }

    @Test func `results without a field are empty objects, not absent`() {
        #expect(text { JSONReplies.publish(id: 7, into: &$0) } == #"{"id":7,"publish":{}}"#)
        #expect(text { JSONReplies.unsubscribe(id: 8, into: &$0) } == #"{"id":8,"unsubscribe":{}}"#)
        #expect(text { JSONReplies.rpc(id: 9, data: nil, into: &$0) } == #"{"id":9,"rpc":{}}"#)
        #expect(
            text { JSONReplies.subscribe(id: 2, SubscribeResult(), into: &$0) } == #"{"id":2,"subscribe":{}}"#
        )
        #expect(text { JSONReplies.refresh(id: 3, nil, into: &$0) } == #"{"id":3,"refresh":{}}"#)
        #expect(text { JSONReplies.subRefresh(id: 4, nil, into: &$0) } == #"{"id":4,"sub_refresh":{}}"#)
    }

    @Test func `fields that are always present are there with their zero value`() {
        #expect(
            text { JSONReplies.presence(id: 1, [], into: &$0) } == #"{"id":1,"presence":{"presence":{}}}"#)
        let stats = PresenceStatsResult(clients: 0, users: 0)
        #expect(
            text { JSONReplies.presenceStats(id: 1, stats, into: &$0) }
                == #"{"id":1,"presence_stats":{"num_clients":0,"num_users":0}}"#)
        let history = HistoryResult(publications: [], position: StreamPosition())
        #expect(
            text { JSONReplies.history(id: 1, history, into: &$0) }
                == #"{"id":1,"history":{"publications":[],"epoch":"","offset":0}}"#)
        #expect(
            text { JSONPushes.join(channel: "c", ClientInfo(user: "", client: ""), into: &$0) }
                == #"{"push":{"channel":"c","join":{"info":{"user":"","client":""}}}}"#)
    }

    @Test func `a ttl is never zero`() {
        #expect(
            text { JSONReplies.refresh(id: 1, Expiry(ttl: 0), into: &$0) }
                == #"{"id":1,"refresh":{"expires":true,"ttl":1}}"#)
    }

    @Test func `a full connect result has its fields in the order of their numbers`() {
        var sub = SubscribeResult()
        sub.expiry = Expiry(ttl: 5)
        sub.data = Array("[]".utf8)
        sub.delta = true
        var result = ConnectResult(client: "c", version: "v")
        result.expiry = Expiry(ttl: 9)
        result.data = Array("1".utf8)
        result.subs = [
            ServerSubscription(channel: "a\"", result: sub),
            ServerSubscription(channel: "b", result: SubscribeResult()),
        ]
        result.ping = 25
        result.pong = true
        result.session = "s"
        result.node = "n"
        result.time = 1
        #expect(
            text { JSONReplies.connect(id: 1, result, into: &$0) } == #"""
                {"id":1,"connect":{"client":"c","version":"v","expires":true,"ttl":9,"data":1,"subs":{"a\"":{"expires":true,"ttl":5,"data":[],"delta":true},"b":{}},"ping":25,"pong":true,"session":"s","node":"n","time":1}}
                """#)
    }

    @Test func `pushes to the connection have no channel`() {
        #expect(
            text { JSONPushes.message(Array("{}".utf8), into: &$0) } == #"{"push":{"message":{"data":{}}}}"#)
        #expect(
            text { JSONPushes.disconnect(.shutdown, into: &$0) }
                == #"{"push":{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}}"#)
        #expect(
            text { JSONPushes.disconnect(.badRequest, into: &$0) }
                == #"{"push":{"disconnect":{"code":3501,"reason":"bad request"}}}"#)
    }

    @Test func `writing appends and never looks into what stands before`() {
        var output = Array("{".utf8)
        JSONReplies.ping(into: &output)
        output.append(JSONReplies.separator)
        JSONReplies.publish(id: 1, into: &output)
        #expect(String(decoding: output, as: UTF8.self) == "{{}\n{\"id\":1,\"publish\":{}}")
    }
}
