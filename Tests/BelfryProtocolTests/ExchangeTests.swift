import Testing

@testable import BelfryProtocol

/// The example exchanges of the protocol paper (section 26), byte for byte, as far as a codec can show them.
@Suite struct ExchangeTests {
    private func payload(_ json: String) -> [UInt8] { Array(json.utf8) }
    private func position(_ offset: UInt64, _ epoch: String = "tGbRqLmX") -> StreamPosition {
        StreamPosition(offset: offset, epoch: epoch)
    }
    private func connected(_ client: String) -> ConnectResult {
        var result = ConnectResult(client: client, version: "relay 0.1.0")
        result.ping = 25
        result.pong = true
        return result
    }

    @Test func `E1 anonymous connect`() throws {
        var connect = ConnectRequest()
        connect.name = "js"
        #expect(
            try commands(#"{"id":1,"connect":{"name":"js"}}"#) == [Command(id: 1, request: .connect(connect))]
        )
        let result = connected("0f7c1d52-6c3e-4f2a-9d0e-6a3f5b1c7e10")
        #expect(
            text { JSONReplies.connect(id: 1, result, into: &$0) } == #"""
                {"id":1,"connect":{"client":"0f7c1d52-6c3e-4f2a-9d0e-6a3f5b1c7e10","version":"relay 0.1.0","ping":25,"pong":true}}
                """#)
    }

    @Test func `E2 connect with a token and a server-side subscription, own join`() throws {
        var connect = ConnectRequest()
        connect.token = Token(payload("<jwt sub=42 exp=+3600>"))
        connect.name = "python"
        connect.version = "1.4"
        let json = #"{"id":1,"connect":{"token":"<jwt sub=42 exp=+3600>","name":"python","version":"1.4"}}"#
        #expect(try request(json) == .connect(connect))

        var personal = SubscribeResult()
        personal.recoverable = true
        personal.position = position(0, "hQwZpKdN")
        personal.positioned = true
        var result = connected("c1")
        result.expiry = Expiry(ttl: 3600)
        result.subs = [ServerSubscription(channel: "#42", result: personal)]
        #expect(
            text { JSONReplies.connect(id: 1, result, into: &$0) } == #"""
                {"id":1,"connect":{"client":"c1","version":"relay 0.1.0","expires":true,"ttl":3600,"subs":{"#42":{"recoverable":true,"epoch":"hQwZpKdN","positioned":true}},"ping":25,"pong":true}}
                """#)
        #expect(
            text { JSONPushes.join(channel: "#42", ClientInfo(user: "42", client: "c1"), into: &$0) }
                == ##"{"push":{"channel":"#42","join":{"info":{"user":"42","client":"c1"}}}}"##)
    }

    @Test func `E3 expired token, E4 invalid token`() throws {
        #expect(
            text { JSONReplies.error(id: 1, .tokenExpired, into: &$0) }
                == #"{"id":1,"error":{"code":109,"message":"token expired"}}"#)
        #expect(try request(#"{"id":1,"connect":{"token":"garbage"}}"#).method == "connect")
        #expect(DisconnectCode.invalidToken.code == 3500)
        #expect(DisconnectCode.invalidToken.reason == "invalid token")
    }

    @Test func `E5 the first frame of a JS client`() throws {
        let frame = #"""
            {"id":1,"connect":{"name":"js"}}
            {"id":2,"subscribe":{"channel":"chat:lobby","flag":1}}
            {"id":3,"subscribe":{"channel":"$secret","flag":1}}
            """#
        let all = try commands(frame)
        #expect(all.map(\.id) == [1, 2, 3])
        #expect(all.map(\.request.method) == ["connect", "subscribe", "subscribe"])
        guard case .subscribe(let subscribe) = all[2].request else {
            Issue.record("no subscribe")
            return
        }
        #expect(subscribe.channel == "$secret")
        #expect(subscribe.flags == .numericChannelIDs)
        var replies: [UInt8] = []
        JSONReplies.connect(id: 1, connected("c2"), into: &replies)
        replies.append(JSONReplies.separator)
        JSONReplies.subscribe(id: 2, SubscribeResult(), into: &replies)
        replies.append(JSONReplies.separator)
        JSONReplies.error(id: 3, .permissionDenied, into: &replies)
        #expect(
            String(decoding: replies, as: UTF8.self) == #"""
                {"id":1,"connect":{"client":"c2","version":"relay 0.1.0","ping":25,"pong":true}}
                {"id":2,"subscribe":{}}
                {"id":3,"error":{"code":103,"message":"permission denied"}}
                """#)
    }

    @Test func `E6 ping and pong`() throws {
        #expect(text { JSONReplies.ping(into: &$0) } == "{}")
        #expect(try commands("{}").map(\.isPong) == [true])
    }

    @Test func `E7 the first publication of a stream carries the epoch`() {
        var result = SubscribeResult()
        result.recoverable = true
        result.position = position(0)
        result.positioned = true
        #expect(
            text { JSONReplies.subscribe(id: 4, result, into: &$0) }
                == #"{"id":4,"subscribe":{"recoverable":true,"epoch":"tGbRqLmX","positioned":true}}"#)
        let info = ClientInfo(user: "7", client: "c9")
        let one = Publication(data: payload(#"{"text":"one"}"#), info: info, offset: 1, epoch: "tGbRqLmX")
        #expect(
            text { JSONPushes.publication(channel: "recovery:r1", one, into: &$0) } == #"""
                {"push":{"channel":"recovery:r1","pub":{"data":{"text":"one"},"info":{"user":"7","client":"c9"},"offset":1,"epoch":"tGbRqLmX"}}}
                """#)
        let two = Publication(data: payload(#"{"text":"two"}"#), info: info, offset: 2)
        #expect(
            text { JSONPushes.publication(channel: "recovery:r1", two, into: &$0) } == #"""
                {"push":{"channel":"recovery:r1","pub":{"data":{"text":"two"},"info":{"user":"7","client":"c9"},"offset":2}}}
                """#)
    }

    @Test func `E8 to E10 recovery: done, nothing missed, failed`() throws {
        let json =
            #"{"id":2,"subscribe":{"channel":"recovery:r1","recover":true,"offset":2,"epoch":"tGbRqLmX","flag":1}}"#
        guard case .subscribe(let subscribe) = try request(json) else {
            Issue.record("no subscribe")
            return
        }
        #expect(subscribe.recover && subscribe.position == position(2))

        var result = SubscribeResult()
        result.recoverable = true
        result.position = position(2)
        result.publications = [
            Publication(data: payload(#"{"text":"three"}"#), offset: 3),
            Publication(data: payload(#"{"text":"four"}"#), offset: 4),
        ]
        result.recovered = true
        result.positioned = true
        result.wasRecovering = true
        #expect(
            text { JSONReplies.subscribe(id: 2, result, into: &$0) } == #"""
                {"id":2,"subscribe":{"recoverable":true,"epoch":"tGbRqLmX","publications":[{"data":{"text":"three"},"offset":3},{"data":{"text":"four"},"offset":4}],"recovered":true,"offset":2,"positioned":true,"was_recovering":true}}
                """#)
        result.publications = []
        result.position.offset = 4
        #expect(
            text { JSONReplies.subscribe(id: 2, result, into: &$0) } == #"""
                {"id":2,"subscribe":{"recoverable":true,"epoch":"tGbRqLmX","recovered":true,"offset":4,"positioned":true,"was_recovering":true}}
                """#)
        result.recovered = false
        result.position.offset = 50
        #expect(
            text { JSONReplies.subscribe(id: 2, result, into: &$0) } == #"""
                {"id":2,"subscribe":{"recoverable":true,"epoch":"tGbRqLmX","offset":50,"positioned":true,"was_recovering":true}}
                """#)
    }

    @Test func `E11 and E12 a client that refuses a lost position; cache mode`() throws {
        let json =
            #"{"id":2,"subscribe":{"channel":"smallhistory:r1","recover":true,"offset":4,"epoch":"tGbRqLmX","flag":3}}"#
        guard case .subscribe(let subscribe) = try request(json) else {
            Issue.record("no subscribe")
            return
        }
        #expect(subscribe.flags.contains(.refusesLostPosition))
        #expect(
            text { JSONReplies.error(id: 2, .unrecoverablePosition, into: &$0) }
                == #"{"id":2,"error":{"code":112,"message":"unrecoverable position"}}"#)
        var result = SubscribeResult()
        result.recoverable = true
        result.position = position(0, "pLkJhGfD")
        result.publications = [Publication(data: payload(#"{"price":61023.5}"#), offset: 812)]
        result.recovered = true
        result.positioned = true
        result.wasRecovering = true
        #expect(
            text { JSONReplies.subscribe(id: 2, result, into: &$0) } == #"""
                {"id":2,"subscribe":{"recoverable":true,"epoch":"pLkJhGfD","publications":[{"data":{"price":61023.5},"offset":812}],"recovered":true,"positioned":true,"was_recovering":true}}
                """#)
    }

    @Test func `E13 publish, own echo, reply`() throws {
        let json = #"{"id":5,"publish":{"channel":"chat:lobby","data":{"text":"hello"}}}"#
        guard case .publish(let publish) = try request(json) else {
            Issue.record("no publish")
            return
        }
        let info = ClientInfo(user: "42", client: "c1", connInfo: payload(#"{"name":"Ada"}"#))
        let publication = Publication(data: publish.data ?? [], info: info)
        #expect(
            text { JSONPushes.publication(channel: publish.channel, publication, into: &$0) } == #"""
                {"push":{"channel":"chat:lobby","pub":{"data":{"text":"hello"},"info":{"user":"42","client":"c1","conn_info":{"name":"Ada"}}}}}
                """#)
        #expect(text { JSONReplies.publish(id: 5, into: &$0) } == #"{"id":5,"publish":{}}"#)
    }

    @Test func `E14 presence and its numbers`() {
        let clients = [
            ClientInfo(user: "42", client: "c1", connInfo: payload(#"{"name":"Ada"}"#)),
            ClientInfo(user: "", client: "c2"),
        ]
        #expect(
            text { JSONReplies.presence(id: 6, clients, into: &$0) } == #"""
                {"id":6,"presence":{"presence":{"c1":{"user":"42","client":"c1","conn_info":{"name":"Ada"}},"c2":{"user":"","client":"c2"}}}}
                """#)
        #expect(
            text { JSONReplies.presenceStats(id: 7, PresenceStatsResult(clients: 2, users: 2), into: &$0) }
                == #"{"id":7,"presence_stats":{"num_clients":2,"num_users":2}}"#)
    }

    @Test func `E15 history`() throws {
        let empty = HistoryResult(publications: [], position: position(4))
        #expect(
            text { JSONReplies.history(id: 8, empty, into: &$0) }
                == #"{"id":8,"history":{"publications":[],"epoch":"tGbRqLmX","offset":4}}"#)
        let json =
            #"{"id":9,"history":{"channel":"recovery:r1","limit":2,"since":{"offset":1,"epoch":"tGbRqLmX"}}}"#
        guard case .history(let history) = try request(json) else {
            Issue.record("no history")
            return
        }
        #expect(history.limit == 2 && history.since == position(1) && !history.reverse)
        let page = HistoryResult(
            publications: [
                Publication(data: payload(#"{"text":"two"}"#), offset: 2),
                Publication(data: payload(#"{"text":"three"}"#), offset: 3),
            ], position: position(4))
        #expect(
            text { JSONReplies.history(id: 9, page, into: &$0) } == #"""
                {"id":9,"history":{"publications":[{"data":{"text":"two"},"offset":2},{"data":{"text":"three"},"offset":3}],"epoch":"tGbRqLmX","offset":4}}
                """#)
    }

    @Test func `E16 rpc and send`() throws {
        guard
            case .rpc(let rpc) = try request(#"{"id":12,"rpc":{"method":"typing","data":{"room":"lobby"}}}"#)
        else {
            Issue.record("no rpc")
            return
        }
        #expect(rpc.method == "typing" && rpc.data == payload(#"{"room":"lobby"}"#))
        #expect(
            text { JSONReplies.error(id: 12, .notAvailable, into: &$0) }
                == #"{"id":12,"error":{"code":108,"message":"not available"}}"#)
        #expect(
            text { JSONReplies.rpc(id: 13, data: payload(#"{"now":1767225600}"#), into: &$0) }
                == #"{"id":13,"rpc":{"data":{"now":1767225600}}}"#)
        guard case .send(let send) = try request(#"{"send":{"data":{"seen":17}}}"#) else {
            Issue.record("no send")
            return
        }
        #expect(send.data == payload(#"{"seen":17}"#))
    }

    @Test func `E17 unsubscribe, E18 join and leave`() throws {
        let unsubscribe = Request.unsubscribe(ChannelRequest(channel: "chat:lobby"))
        #expect(try request(#"{"id":14,"unsubscribe":{"channel":"chat:lobby"}}"#) == unsubscribe)
        #expect(text { JSONReplies.unsubscribe(id: 14, into: &$0) } == #"{"id":14,"unsubscribe":{}}"#)
        let info = ClientInfo(user: "7", client: "c9", chanInfo: payload(#"{"role":"mod"}"#))
        #expect(
            text { JSONPushes.join(channel: "chat:lobby", info, into: &$0) } == #"""
                {"push":{"channel":"chat:lobby","join":{"info":{"user":"7","client":"c9","chan_info":{"role":"mod"}}}}}
                """#)
        #expect(
            text { JSONPushes.leave(channel: "chat:lobby", info, into: &$0) } == #"""
                {"push":{"channel":"chat:lobby","leave":{"info":{"user":"7","client":"c9","chan_info":{"role":"mod"}}}}}
                """#)
    }

    @Test func `E19 both refreshes`() throws {
        #expect(try request(#"{"id":20,"refresh":{"token":"<fresh jwt>"}}"#).method == "refresh")
        #expect(
            text { JSONReplies.refresh(id: 20, Expiry(ttl: 3600), into: &$0) }
                == #"{"id":20,"refresh":{"expires":true,"ttl":3600}}"#)
        let json = #"{"id":21,"sub_refresh":{"channel":"$secret","token":"<fresh subscription jwt>"}}"#
        #expect(try request(json).method == "sub_refresh")
        #expect(
            text { JSONReplies.subRefresh(id: 21, Expiry(ttl: 600), into: &$0) }
                == #"{"id":21,"sub_refresh":{"expires":true,"ttl":600}}"#)
    }

    @Test func `E20 unsubscribe pushes, E21 a server-side subscription added live`() throws {
        #expect(
            text { JSONPushes.unsubscribe(channel: "chat:lobby", .server, into: &$0) }
                == #"{"push":{"channel":"chat:lobby","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#
        )
        #expect(
            text { JSONPushes.unsubscribe(channel: "recovery:r1", .insufficientState, into: &$0) }
                == #"{"push":{"channel":"recovery:r1","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#
        )
        var news = SubscribeResult()
        news.recoverable = true
        news.position = position(9, "aaBBccDD")
        news.positioned = true
        #expect(
            text { JSONPushes.subscribe(channel: "news", news, into: &$0) } == #"""
                {"push":{"channel":"news","subscribe":{"recoverable":true,"epoch":"aaBBccDD","offset":9,"positioned":true}}}
                """#)
        news.publications = [Publication(data: payload(#"{"h":"x"}"#), offset: 10)]
        news.recovered = true
        news.wasRecovering = true
        var result = connected("c3")
        result.subs = [ServerSubscription(channel: "news", result: news)]
        #expect(
            text { JSONReplies.connect(id: 1, result, into: &$0) } == #"""
                {"id":1,"connect":{"client":"c3","version":"relay 0.1.0","subs":{"news":{"recoverable":true,"epoch":"aaBBccDD","publications":[{"data":{"h":"x"},"offset":10}],"recovered":true,"offset":9,"positioned":true,"was_recovering":true}},"ping":25,"pong":true}}
                """#)
    }

    @Test func `E22 with deltas, data is a string`() {
        var result = SubscribeResult()
        result.recoverable = true
        result.position = position(0, "QqWwEeRr")
        result.positioned = true
        result.delta = true
        #expect(
            text { JSONReplies.subscribe(id: 3, result, into: &$0) }
                == #"{"id":3,"subscribe":{"recoverable":true,"epoch":"QqWwEeRr","positioned":true,"delta":true}}"#
        )
        var full: [UInt8] = []
        full.appendJSONString(#"{"room":"lobby","text":"good morning everyone","seq":1}"#.utf8)
        let first = Publication(data: full, offset: 1, epoch: "QqWwEeRr")
        #expect(
            text { JSONPushes.publication(channel: "delta:d", first, into: &$0) } == #"""
                {"push":{"channel":"delta:d","pub":{"data":"{\"room\":\"lobby\",\"text\":\"good morning everyone\",\"seq\":1}","offset":1,"epoch":"QqWwEeRr"}}}
                """#)
        var patch: [UInt8] = []
        patch.appendJSONString("s\nq@0,2:2}2XvmCa;".utf8)
        let second = Publication(data: patch, offset: 2, isDelta: true)
        #expect(
            text { JSONPushes.publication(channel: "delta:d", second, into: &$0) } == #"""
                {"push":{"channel":"delta:d","pub":{"data":"s\nq@0,2:2}2XvmCa;","offset":2,"delta":true}}}
                """#)
    }

    @Test func `E23 tags`() {
        let tagged = Publication(data: payload(#"{"n":1}"#), tags: [Tag("lang", "de"), Tag("prio", "5")])
        #expect(
            text { JSONPushes.publication(channel: "tagged:t", tagged, into: &$0) }
                == #"{"push":{"channel":"tagged:t","pub":{"data":{"n":1},"tags":{"lang":"de","prio":"5"}}}}"#)
    }

    @Test func `E24 a temporary error, E25 violations are decoded for the session to refuse`() throws {
        #expect(
            text { JSONReplies.error(id: 30, .tooManyRequests, into: &$0) }
                == #"{"id":30,"error":{"code":111,"message":"too many requests","temporary":true}}"#)
        #expect(try commands(#"{"id":0,"publish":{"channel":"x","data":{}}}"#).map(\.id) == [0])
        #expect(try request(#"{"id":5,"ping":{}}"#) == .ping)
        #expect(try request(#"{"id":6,"subscribe":{"channel":""}}"#) == .subscribe(SubscribeRequest()))
    }
}
