import BelfryProtocol
import BelfrySession
import Testing

@testable import BelfryAPI

/// What calls lead to, from body to answer.
@Suite struct APIRunnerTests {
    private let house = House()

    private func code(_ answer: String) -> Int? {
        guard let match = answer.firstMatch(of: /"error":\{"code":([0-9]+),"message":".+"\}/) else {
            return nil
        }
        return Int(match.1)
    }

    // MARK: Channels

    @Test func `a publication gets its position where there is history, and an empty result elsewhere`()
        async throws
    {
        #expect(try await house.answers(.publish, #"{"channel":"news","data":1}"#) == #"{"result":{}}"#)
        let first = try await house.answers(.publish, #"{"channel":"chat:a","data":1}"#)
        let second = try await house.answers(.publish, #"{"channel":"chat:a","data":2}"#)
        #expect(first.contains(#"{"result":{"offset":1,"epoch":""#))
        #expect(second.contains(#"{"result":{"offset":2,"epoch":""#))
        #expect(
            try await house.answers(.publish, #"{"channel":"chat:a","data":3,"skip_history":true}"#)
                == #"{"result":{}}"#)
    }

    @Test(
        "channels and data obey the rules for clients",
        arguments: [
            (#"{"data":1}"#, 107), (#"{"channel":"nobody:a","data":1}"#, 102),
            (#"{"channel":"grün","data":1}"#, 107), (#"{"channel":"chat:a"}"#, 107),
            (#"{"channel":"object:a","data":[]}"#, 107), (#"{"channel":"object:a","data":{}}"#, nil),
            (#"{"channel":"object:a","b64data":"AAE="}"#, 107),
            (#"{"channel":"chat:a","b64data":"AAE="}"#, nil),
            (#"{"channel":"chat:a","b64data":"AAE"}"#, 107), (#"{"channel":"binary:a"}"#, nil),
            (#"{"channel":"chat:a","data":null}"#, nil),
            (#"{"channel":"chat:a","data":"\#(String(repeating: "x", count: 998))"}"#, nil),
            (#"{"channel":"chat:a","data":"\#(String(repeating: "x", count: 999))"}"#, 106),
            (
                #"{"channel":"chat:a","data":1,"idempotency_key":"\#(String(repeating: "x", count: 256))"}"#,
                107
            ),
        ] as [(String, Int?)])
    func publishing(body: String, expected: Int?) async throws {
        let answer = try await house.answers(.publish, body)
        #expect(code(answer) == expected, "\(answer)")
    }

    @Test func `an idempotency key makes one publication of two`() async throws {
        let body = #"{"channel":"chat:a","data":1,"idempotency_key":"k"}"#
        let first = try await house.answers(.publish, body)
        #expect(try await house.answers(.publish, body) == first)
        #expect(
            try await house.answers(.history, #"{"channel":"chat:a","limit":-1}"#).contains(#""offset":2"#)
                == false)
    }

    @Test func `a version that is not newer is dropped`() async throws {
        _ = try await house.answers(.publish, #"{"channel":"chat:a","data":5,"version":5}"#)
        _ = try await house.answers(.publish, #"{"channel":"chat:a","data":4,"version":4}"#)
        _ = try await house.answers(
            .publish, #"{"channel":"chat:a","data":1,"version":1,"version_epoch":"b"}"#)
        let history = try await house.answers(.history, #"{"channel":"chat:a","limit":-1}"#)
        #expect(history.contains(#""data":5"#) && history.contains(#""data":1"#))
        #expect(!history.contains(#""data":4"#))
    }

    @Test func `a broadcast answers each channel by itself and in order`() async throws {
        let body = #"{"channels":["news","nobody:a","chat:a","grün","chat:a"],"data":1}"#
        let answer = try await house.answers(.broadcast, body)
        let parts = answer.split(separator: "},{").map(String.init)
        #expect(parts.count == 5, "\(answer)")
        #expect(parts[0].hasSuffix(#"{"result":{}"#) && parts[1].contains("102") && parts[3].contains("107"))
        #expect(parts[2].contains(#""offset":1"#) && parts[4].contains(#""offset":2"#))
        #expect(code(try await house.answers(.broadcast, #"{"data":1}"#)) == 107)
    }

    @Test func `history is paged in both directions and bound to its epoch`() async throws {
        for number in 1...4 {
            _ = try await house.answers(.publish, #"{"channel":"chat:a","data":\#(number)}"#)
        }
        func numbers(_ rest: String) async throws -> [Int] {
            let answer = try await house.answers(.history, #"{"channel":"chat:a"\#(rest)}"#)
            #expect(answer.contains(#""offset":4"#), "\(answer)")
            return answer.matches(of: /"data":([0-9]+)/).compactMap { Int($0.1) }
        }
        #expect(try await numbers("") == [])
        #expect(try await numbers(#","limit":-1"#) == [2, 3, 4])
        #expect(try await numbers(#","limit":2"#) == [2, 3])
        #expect(try await numbers(#","limit":2,"since":{"offset":3}"#) == [4])
        #expect(try await numbers(#","limit":2,"reverse":true"#) == [4, 3])
        #expect(try await numbers(#","limit":9,"reverse":true,"since":{"offset":3}"#) == [2])
        let strange = #"{"channel":"chat:a","limit":1,"since":{"offset":1,"epoch":"other"}}"#
        #expect(code(try await house.answers(.history, strange)) == 112)
        let before = #"{"channel":"chat:a","reverse":true,"since":{"offset":0}}"#
        #expect(code(try await house.answers(.history, before)) == 107)
    }

    @Test func `removed history leaves the position`() async throws {
        _ = try await house.answers(.publish, #"{"channel":"chat:a","data":1}"#)
        #expect(try await house.answers(.historyRemove, #"{"channel":"chat:a"}"#) == #"{"result":{}}"#)
        let history = try await house.answers(.history, #"{"channel":"chat:a","limit":-1}"#)
        #expect(history.hasPrefix(#"{"result":{"publications":[],"offset":1,"epoch":""#))
    }

    @Test func `bytes that are no JSON come back in Base64`() async throws {
        for (bytes, text) in [("AA==", "one"), ("AAE=", "two"), ("AAEC", "three"), ("AAECAw==", "four")] {
            _ = try await house.answers(.publish, #"{"channel":"chat:\#(text)","b64data":"\#(bytes)"}"#)
            let history = try await house.answers(.history, #"{"channel":"chat:\#(text)","limit":1}"#)
            #expect(history.contains(#""data":null,"offset":1"#), "\(history)")
            #expect(history.contains(#""b64data":"\#(bytes)""#), "\(history)")
        }
    }

    @Test(arguments: [APIMethod.history, .historyRemove, .presence, .presenceStats])
    func `a feature that is off is not available`(method: APIMethod) async throws {
        #expect(code(try await house.answers(method, #"{"channel":"news"}"#)) == 108)
        #expect(code(try await house.answers(method, #"{"channel":"nobody:a"}"#)) == 102)
        #expect(code(try await house.answers(method, #"{"channel":"chat:a"}"#)) == nil)
    }

    @Test func `presence of an empty channel is empty and not absent`() async throws {
        #expect(
            try await house.answers(.presence, #"{"channel":"chat:a"}"#) == #"{"result":{"presence":{}}}"#)
        #expect(
            try await house.answers(.presenceStats, #"{"channel":"chat:a"}"#)
                == #"{"result":{"num_clients":0,"num_users":0}}"#)
    }

    @Test func `channels are listed by pattern`() async throws {
        #expect(
            try await house.answers(.channels, "{}")
                == #"{"result":{"channels":{"chat:a":{"num_clients":2},"news":{"num_clients":1}}}}"#)
        #expect(
            try await house.answers(.channels, #"{"pattern":"chat:*"}"#)
                == #"{"result":{"channels":{"chat:a":{"num_clients":2}}}}"#)
        #expect(code(try await house.answers(.channels, #"{"pattern":"["}"#)) == 107)
    }

    // MARK: Users

    @Test(
        "nobody means all anonymous clients",
        arguments: [
            APIMethod.subscribe, .unsubscribe, .disconnect, .refresh, .connections,
        ]) func anonymous(method: APIMethod) async throws
    {
        #expect(code(try await house.answers(method, #"{"channel":"chat:a"}"#)) == 107)
        #expect(code(try await house.answers(method, #"{"channel":"chat:a","client":"c1"}"#)) == nil)
    }

    @Test func `a session means nobody`() async throws {
        let answer = try await house.answers(.disconnect, #"{"user":"u","session":"s"}"#)
        #expect(answer == #"{"result":{}}"# && house.calls.isEmpty)
    }

    @Test(
        arguments: [
            ("{}", 3503, "force disconnect"), (#"{"code":3011}"#, 3011, "force reconnect"),
            (#"{"code":4000,"reason":"bye"}"#, 4000, "bye"), (#"{"code":3011,"reason":"bye"}"#, 3011, "bye"),
            (#"{"reason":"bye"}"#, 3503, "bye"), (#"{"code":4000}"#, nil, ""),
            (#"{"code":2999,"reason":"x"}"#, nil, ""),
            (#"{"code":5000,"reason":"x"}"#, nil, ""), (#"{"code":70000,"reason":"x"}"#, nil, ""),
            (#"{"code":4000,"reason":"{}"}"#, nil, ""),
            (#"{"code":4000,"reason":"\#(String(repeating: "x", count: 124))"}"#, nil, ""),
        ] as [(String, UInt16?, String)])
    func `a disconnect has a code that clients understand`(order: String, code: UInt16?, reason: String)
        async throws
    {
        let body = #"{"user":"u","whitelist":["c2"],"disconnect":\#(order)}"#
        let answer = try await house.answers(.disconnect, body)
        guard let code else {
            #expect(self.code(answer) == 107)
            return
        }
        guard case .disconnect(let sent)? = house.calls.first?.deed else {
            Issue.record("\(answer)")
            return
        }
        #expect(sent.code == code && sent.reason == reason)
        #expect(house.calls.first?.choice.spared == ["c2"])
    }

    @Test func `a refresh sets an end, takes it away, or closes`() async throws {
        _ = try await house.answers(.refresh, #"{"user":"u","expire_at":5}"#)
        _ = try await house.answers(.refresh, #"{"user":"u"}"#)
        _ = try await house.answers(.refresh, #"{"user":"u","expired":true}"#)
        #expect(code(try await house.answers(.refresh, #"{"user":"u","expire_at":-1}"#)) == 107)
        guard case .refresh(until: 5) = house.calls[0].deed, case .refresh(until: nil) = house.calls[1].deed,
            case .disconnect(.connectionExpired) = house.calls[2].deed
        else {
            Issue.record("\(house.calls)")
            return
        }
    }

    @Test func `what a connection refuses is told`() async throws {
        house.refuse(.alreadySubscribed)
        #expect(code(try await house.answers(.subscribe, #"{"user":"u","channel":"chat:a"}"#)) == 105)
    }

    @Test func `connections are listed; an expression is not available`() async throws {
        #expect(
            try await house.answers(.connections, #"{"user":"u","expression":""}"#)
                == #"{"result":{"connections":{"c1":{"app_name":"js","transport":"websocket","protocol":"json","user":"u","state":{"channels":{"chat:a":{}}}}}}}"#
        )
        #expect(code(try await house.answers(.connections, #"{"user":"u","expression":"x"}"#)) == 108)
    }

    // MARK: All together

    @Test func `info lists this node`() async throws {
        #expect(try await house.answers(.info, "{}").hasPrefix(#"{"result":{"nodes":[{"uid":"u","name":"n""#))
    }

    @Test func `rpc is not available`() async throws {
        #expect(code(try await house.answers(.rpc, "{}")) == 108)
    }

    /// Methods that wait for event loops or the store.
    private static let asking = APIMethod.allCases.filter { ![.info, .denials, .rpc, .batch].contains($0) }

    @Test(arguments: asking)
    func `without an answer in time a call ends with error 100`(method: APIMethod) async throws {
        house.fallSilent()
        let body = #"{"channel":"chat:a","channels":["chat:a"],"data":1,"user":"u"}"#
        #expect(code(try await house.answers(method, method == .revoke ? #"{"token":"t"}"# : body)) == 100)
    }

    @Test(arguments: [false, true]) func `a batch replies in order, each command by itself`(isParallel: Bool)
        async throws
    {
        let commands =
            #"{"publish":{"channel":"news","data":1}},{"publish":{"channel":"nobody:a","data":1}},"#
            + #"{"presence_stats":{"channel":"chat:a"}},{"rpc":{}}"#
        let answer = try await house.answers(
            .batch, #"{"commands":[\#(commands)],"parallel":\#(isParallel)}"#)
        #expect(
            answer
                == #"{"replies":[{"publish":{}},{"error":{"code":102,"message":"unknown channel"}},"#
                + #"{"presence_stats":{"num_clients":0,"num_users":0}},{"error":{"code":108,"message":"not available"}}]}"#
        )
    }

    @Test func `a batch holds each command against the key's scopes`() async throws {
        let body = #"{"commands":[{"publish":{"channel":"news","data":1}},{"disconnect":{"user":"u"}}]}"#
        let answer = try await house.answers(.batch, body, scopes: [.method(.publish)])
        #expect(
            answer
                == #"{"replies":[{"publish":{}},{"error":{"code":103,"message":"permission denied"}}]}"#)
        #expect(house.calls.isEmpty)
    }
}
