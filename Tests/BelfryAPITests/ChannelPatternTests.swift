import Testing

@testable import BelfryAPI

@Suite struct ChannelPatternTests {
    @Test(
        arguments: [
            ("*", "", true), ("*", "chat:lobby", true), ("chat:*", "chat:lobby", true),
            ("chat:*", "chat:", true), ("chat:*", "chats:lobby", false), ("*:lobby", "chat:lobby", true),
            ("c?at", "chat", true), ("c?at", "cat", false), ("c?at", "chhat", false),
            ("room[0-9]", "room7", true), ("room[0-9]", "roomx", false), ("room[!0-9]", "roomx", true),
            ("room[!0-9]", "room7", false), ("room[ab]", "roomb", true), ("{news,chat}:a", "chat:a", true),
            ("{news,chat}:a", "news:a", true), ("{news,chat}:a", "shop:a", false),
            ("{new*,chat}:a", "newest:a", true), ("a\\*b", "a*b", true), ("a\\*b", "axb", false),
            ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("", "", true), ("", "a", false),
            ("a,b", "a,b", true), ("**", "anything", true),
        ] as [(String, String, Bool)])
    func `a pattern matches what globs match`(pattern: String, name: String, expected: Bool) throws {
        #expect(try #require(ChannelPattern(pattern)).matches(name) == expected)
    }

    @Test(arguments: [
        "[", "[]", "[a", "[b-a]", "[a-]", "{", "{a", "a}", "{a{b}}", "\\",
        String(repeating: "a", count: 256), "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
    ]) func `what is no pattern is refused`(pattern: String) {
        #expect(ChannelPattern(pattern) == nil)
    }

    @Test func `a hostile pattern takes no longer than its length times the name's`() throws {
        let pattern = String(repeating: "*a", count: 120) + "b"
        let name = String(repeating: "a", count: 255)
        let clock = ContinuousClock()
        let took = try clock.measure {
            let pattern = try #require(ChannelPattern(pattern))
            for _ in 0..<100 { #expect(!pattern.matches(name)) }
        }
        // A hundred times 60,000 steps; an exponential matcher would not come back.
        #expect(took < .seconds(5))
    }
}
