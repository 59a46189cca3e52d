import Testing

@testable import BelfryProtocol

@Suite struct RequestTests {
    @Test func `connect has all its fields`() throws {
        let json = #"""
            {"id":1,"connect":{"token":"t.o.k","data":{"a": 1},"subs":{"news":{"recover":true,"offset":9,"epoch":"e"},"x":null},"name":"js","version":"5","headers":{"X-A":"1"},"flag":3,"dict":"d","profile":"p"}}
            """#
        var news = SubscribeRequest()
        news.recover = true
        news.position = StreamPosition(offset: 9, epoch: "e")
        var expected = ConnectRequest()
        expected.token = Token(Array("t.o.k".utf8))
        expected.data = Array(#"{"a": 1}"#.utf8)
        expected.subs = ["news": news]
        expected.name = "js"
        expected.version = "5"
        expected.headers = ["X-A": "1"]
        expected.flag = 3
        expected.dict = "d"
        expected.profile = "p"
        #expect(try request(json) == .connect(expected))
    }

    @Test func `subscribe has all its fields`() throws {
        let json = #"""
            {"subscribe":{"channel":"c","token":"t","recover":true,"epoch":"e","offset":18446744073709551615,"data":null,"positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","tf":{"op":"and","nodes":[{"key":"k","cmp":"in","vals":["a","b"]},{"key":"n","cmp":"eq","val":"v"}]},"flag":3,"type":1,"phase":2,"cursor":"z","limit":-5,"asc":true}}
            """#
        var leaf = FilterNode()
        leaf.key = "k"
        leaf.cmp = "in"
        leaf.vals = ["a", "b"]
        var other = FilterNode()
        other.key = "n"
        other.cmp = "eq"
        other.val = "v"
        var root = FilterNode()
        root.op = "and"
        root.nodes = [leaf, other]
        var expected = SubscribeRequest()
        expected.channel = "c"
        expected.token = Token(Array("t".utf8))
        expected.recover = true
        expected.position = StreamPosition(offset: .max, epoch: "e")
        expected.data = Array("null".utf8)
        expected.positioned = true
        expected.recoverable = true
        expected.joinLeave = true
        expected.delta = "fossil"
        expected.tagsFilter = root
        expected.flags = [.numericChannelIDs, .refusesLostPosition]
        expected.type = 1
        expected.phase = 2
        expected.cursor = "z"
        expected.limit = -5
        expected.ascending = true
        #expect(try request(json) == .subscribe(expected))
    }

    @Test func `the small requests have all their fields`() throws {
        var publish = PublishRequest()
        publish.channel = "c"
        publish.data = Array("5".utf8)
        publish.type = 1
        publish.key = "k"
        publish.removed = true
        let publishJSON = #"{"publish":{"channel":"c","data":5,"type":1,"key":"k","removed":true}}"#
        #expect(try request(publishJSON) == .publish(publish))

        var history = HistoryRequest()
        history.channel = "c"
        history.limit = -1
        history.since = StreamPosition(offset: 1, epoch: "e")
        history.reverse = true
        let historyJSON =
            #"{"history":{"channel":"c","limit":-1,"since":{"offset":1,"epoch":"e"},"reverse":true}}"#
        #expect(try request(historyJSON) == .history(history))

        var rpc = RPCRequest()
        rpc.method = "m"
        rpc.data = Array("[]".utf8)
        #expect(try request(#"{"rpc":{"method":"m","data":[]}}"#) == .rpc(rpc))

        var send = SendRequest()
        send.data = Array("[]".utf8)
        #expect(try request(#"{"send":{"data":[]}}"#) == .send(send))

        var refresh = RefreshRequest()
        refresh.token = Token(Array("t".utf8))
        #expect(try request(#"{"refresh":{"token":"t"}}"#) == .refresh(refresh))

        var subRefresh = SubRefreshRequest()
        subRefresh.channel = "c"
        subRefresh.token = Token(Array("t".utf8))
        subRefresh.type = 2
        let subRefreshJSON = #"{"sub_refresh":{"channel":"c","token":"t","type":2,"track":[{"items":[]}]}}"#
        #expect(try request(subRefreshJSON) == .subRefresh(subRefresh))

        #expect(
            try request(#"{"unsubscribe":{"channel":"c"}}"#) == .unsubscribe(ChannelRequest(channel: "c")))
        #expect(
            try request(#"{"presence_stats":{"channel":"c"}}"#)
                == .presenceStats(ChannelRequest(channel: "c")))
    }

    @Test func `null and absent are the same`() throws {
        let nulls = #"""
            {"subscribe":{"channel":null,"token":null,"recover":null,"epoch":null,"offset":null,"positioned":null,"recoverable":null,"join_leave":null,"delta":null,"tf":null,"flag":null,"type":null,"phase":null,"cursor":null,"limit":null,"asc":null}}
            """#
        #expect(try request(nulls) == .subscribe(SubscribeRequest()))
        let connect = #"{"connect":{"token":null,"subs":null,"name":null,"headers":{"a":null},"flag":null}}"#
        #expect(try request(connect) == .connect(ConnectRequest()))
        #expect(try request(#"{"history":{"since":null,"limit":null}}"#) == .history(HistoryRequest()))
    }

    @Test func `an empty token is an absent one`() throws {
        #expect(try request(#"{"connect":{"token":""}}"#) == .connect(ConnectRequest()))
    }

    @Test(arguments: [
        #"{"connect":[]}"#, #"{"connect":{"token":5}}"#, #"{"connect":{"subs":[]}}"#,
        #"{"connect":{"name":{}}}"#,
        #"{"connect":{"headers":{"a":1}}}"#, #"{"connect":{"subs":{"a":1}}}"#, #"{"subscribe":"c"}"#,
        #"{"subscribe":{"channel":1}}"#, #"{"subscribe":{"recover":1}}"#,
        #"{"subscribe":{"recover":"true"}}"#,
        #"{"subscribe":{"offset":"1"}}"#, #"{"subscribe":{"tf":[]}}"#, #"{"subscribe":{"tf":{"nodes":{}}}}"#,
        #"{"subscribe":{"tf":{"vals":[1]}}}"#, #"{"history":{"since":1}}"#, #"{"ping":1}"#,
        #"{"refresh":true}"#,
        #"{"rpc":{"method":[]}}"#, #"{"connect":{},"presence":{"channel":1}}"#,
    ])
    func `a known key of another type is refused`(json: String) {
        guard case .malformed(.wrongType) = commandError(json) else {
            Issue.record("expected wrongType, got \(String(describing: commandError(json)))")
            return
        }
    }

    @Test(arguments: [
        #"{"subscribe":{"offset":-1}}"#, #"{"subscribe":{"offset":18446744073709551616}}"#,
        #"{"history":{"limit":2147483648}}"#, #"{"history":{"limit":-2147483649}}"#,
        #"{"subscribe":{"flag":1e19}}"#,
    ])
    func `a number beyond its field is refused`(json: String) {
        guard case .malformed(.numberOutOfRange) = commandError(json) else {
            Issue.record("expected numberOutOfRange, got \(String(describing: commandError(json)))")
            return
        }
    }

    @Test func `a payload keeps every byte but raw line breaks`() throws {
        let payload = #"{"z" : 1.50e+01 ,"a":["\u00e9é\/", -0 , 1E400],"z":"\n\r"}"#
        var expected = SendRequest()
        expected.data = Array(payload.utf8)
        #expect(try request("{\"send\":{\"data\": \(payload) }}") == .send(expected))

        expected.data = Array(#"{"a": [1,"\r"]}"#.utf8)
        #expect(try request("{\"send\":{\"data\":{\r\"a\":\r [1,\r\"\\r\"]}\r}}") == .send(expected))
    }

    @Test func `line breaks of both kinds are taken out of a payload that came by another road`() throws {
        let pretty = Array("\n {\r\n  \"a\": \"\\n\"\n} \n".utf8)
        #expect(try JSONScanner.payload(of: pretty.span) == Array(#"{  "a": "\n"}"#.utf8))
        #expect(throws: JSONError.trailingBytes(at: 2)) {
            try JSONScanner.payload(of: Array("1 2".utf8).span)
        }
        #expect(throws: JSONError.unexpectedEnd(at: 1)) { try JSONScanner.payload(of: Array(" ".utf8).span) }
    }

    @Test func `the strings of a command are text: escaped surrogate pairs yes, lone ones no`() throws {
        let smile = ChannelRequest(channel: "😀")
        #expect(try request(#"{"presence":{"channel":"\ud83d\ude00"}}"#) == .presence(smile))
        #expect(try request(#"{"presence":{"channel":"😀"}}"#) == .presence(smile))
        #expect(commandError(#"{"presence":{"channel":"\ud83d"}}"#) == .malformed(.loneSurrogate(at: 26)))
        #expect(commandError(#"{"send":{"data":"\ud83d"}}"#) == nil)
    }

    @Test func `client name and version are cut at their limit, between characters`() throws {
        let limit = ProtocolLimits.clientNameBytes
        func name(_ sent: String) throws -> String {
            guard case .connect(let connect) = try request(#"{"connect":{"name":"\#(sent)"}}"#) else {
                return "?"
            }
            return connect.name
        }
        let exact = String(repeating: "a", count: limit)
        #expect(try name(exact) == exact)
        #expect(try name(exact + "b") == exact)
        #expect(try name(exact.dropLast() + "é") == String(exact.dropLast()))
        #expect(try name(String(repeating: "😀", count: 1_000)).utf8.count == limit)
    }

    @Test func `lists in a command are bounded`() {
        func members(_ count: Int, _ value: String) -> String {
            (0..<count).map { "\"k\($0)\":\(value)" }.joined(separator: ",")
        }
        func isRefused(_ json: String) -> Bool { commandError(json) != nil }

        let subs = ProtocolLimits.connectSubscriptions
        #expect(!isRefused("{\"connect\":{\"subs\":{\(members(subs, "{}"))}}}"))
        #expect(isRefused("{\"connect\":{\"subs\":{\(members(subs + 1, "{}"))}}}"))
        let headers = ProtocolLimits.connectHeaders
        #expect(!isRefused("{\"connect\":{\"headers\":{\(members(headers, "\"\""))}}}"))
        #expect(isRefused("{\"connect\":{\"headers\":{\(members(headers + 1, "\"\""))}}}"))
        func filter(nodes: Int) -> String {
            "{\"subscribe\":{\"tf\":{\"nodes\":[\(Array(repeating: "{}", count: nodes - 1).joined(separator: ","))]}}}"
        }
        #expect(!isRefused(filter(nodes: ProtocolLimits.filterNodes)))
        #expect(isRefused(filter(nodes: ProtocolLimits.filterNodes + 1)))
        func filter(depth: Int) -> String {
            "{\"subscribe\":{\"tf\":" + String(repeating: #"{"nodes":["#, count: depth - 1) + "{}"
                + String(repeating: "]}", count: depth - 1) + "}}"
        }
        #expect(!isRefused(filter(depth: ProtocolLimits.filterDepth)))
        #expect(isRefused(filter(depth: ProtocolLimits.filterDepth + 1)))
        func filter(values: Int) -> String {
            "{\"subscribe\":{\"tf\":{\"vals\":[\(Array(repeating: "\"\"", count: values).joined(separator: ","))]}}}"
        }
        #expect(!isRefused(filter(values: ProtocolLimits.filterValues)))
        #expect(isRefused(filter(values: ProtocolLimits.filterValues + 1)))
    }

    @Test func `a token never shows itself`() throws {
        var connect = ConnectRequest()
        connect.token = Token(Array("eyJhbGciOi.secret".utf8))
        let command = Command(id: 1, request: .connect(connect))
        var dumped = ""
        dump(command, to: &dumped)
        let bytes = String(describing: Array("secret".utf8)).dropFirst().dropLast()
        for printed in ["\(command)", String(reflecting: command), String(describing: connect.token), dumped]
        {
            #expect(printed.contains("<token>"))
            #expect(!printed.contains("secret") && !printed.contains(bytes))
        }
    }
}
