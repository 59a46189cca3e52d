import Testing

@testable import BelfryProtocol

@Suite struct CodeTests {
    @Test func `error codes run from 100 to 113, each with a message`() {
        #expect(ErrorCode.all.map(\.code) == Array(100...113))
        #expect(ErrorCode.all.allSatisfy { !$0.message.isEmpty })
        #expect(Set(ErrorCode.all.map(\.message)).count == ErrorCode.all.count)
        #expect(ErrorCode.all.filter(\.isTemporary).map(\.code) == [100, 111, 113])
    }

    @Test(
        arguments: [(399, false), (400, true), (1999, true), (2000, false), (100, false)] as [(UInt32, Bool)])
    func `an application's error codes have a range`(code: UInt32, isAllowed: Bool) {
        #expect((ErrorCode(applicationCode: code, message: "no") != nil) == isAllowed)
        #expect(ErrorCode(applicationCode: code, message: "") == nil)
    }

    /// protocol.md 15.2.
    @Test func `close codes are those of the protocol, each once`() {
        #expect(
            DisconnectCode.all.map(\.code) == [
                3000, 3001, 3004, 3005, 3006, 3008, 3009, 3010, 3011, 3012, 3013, 3014, 3500, 3501, 3502,
                3503, 3504,
                3505, 3506, 3507, 3508, 3509,
            ])
    }

    /// protocol.md 15.2: JS parses the reason as JSON, and without one it ignores the terminal ranges.
    @Test func `reasons are short, not empty, and no JSON`() {
        for code in DisconnectCode.all {
            #expect(!code.reason.isEmpty && code.reason.utf8.count <= 123)
            #expect(JSONScanner.kind(of: Array(code.reason.utf8)) == nil)
        }
    }

    @Test func `codes from 3500 are terminal, those before are not`() {
        for code in DisconnectCode.all { #expect(code.reconnects == (code.code < 3500)) }
    }

    @Test(
        arguments: [
            (3999, false, false), (4000, true, true), (4499, true, true), (4500, true, false),
            (4999, true, false),
            (5000, false, false),
        ] as [(UInt16, Bool, Bool)])
    func `an application's close codes have a range and a meaning`(
        code: UInt16, isAllowed: Bool, reconnects: Bool
    ) {
        let disconnect = DisconnectCode(applicationCode: code, reason: "maintenance")
        #expect((disconnect != nil) == isAllowed)
        if let disconnect { #expect(disconnect.reconnects == reconnects) }
    }

    @Test(arguments: ["", "5", "null", #"{"reason":"x","reconnect":false}"#, #""text""#])
    func `a reason that is empty or JSON is refused`(reason: String) {
        #expect(DisconnectCode(applicationCode: 4000, reason: reason) == nil)
    }

    @Test func `a reason must fit a close frame`() {
        #expect(DisconnectCode(applicationCode: 4000, reason: String(repeating: "x", count: 123)) != nil)
        #expect(DisconnectCode(applicationCode: 4000, reason: String(repeating: "x", count: 124)) == nil)
    }

    @Test func `the queue is flushed before every close but 3000 and 3008`() {
        #expect(DisconnectCode.all.filter { !$0.flushesQueue }.map(\.code) == [3000, 3008])
    }

    @Test func `from 2500 on a client subscribes again`() {
        #expect(UnsubscribeCode.all.map(\.code) == [2000, 2500, 2501, 2502])
        #expect(UnsubscribeCode.all.map(\.resubscribes) == [false, true, true, true])
        #expect(UnsubscribeCode.all.allSatisfy { !$0.reason.isEmpty })
    }

    @Test(
        arguments: [
            (2099, false), (2100, true), (2499, true), (2500, false), (2599, false), (2600, true),
            (2999, true),
            (3000, false),
        ] as [(UInt32, Bool)])
    func `an application's unsubscribe codes have two ranges`(code: UInt32, isAllowed: Bool) {
        #expect((UnsubscribeCode(applicationCode: code, reason: "moved") != nil) == isAllowed)
        #expect(UnsubscribeCode(applicationCode: code, reason: "") == nil)
    }

    @Test(arguments: [
        ("js", KnownClient.js), ("python", .python), ("JS", .other), ("", .other), ("curl", .other),
    ])
    func `only listed client names are counted apart`(name: String, client: KnownClient) {
        #expect(KnownClient(name: name) == client)
    }
}
