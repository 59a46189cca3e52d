import Testing

@testable import BelfryProtocol

@Suite struct ChannelNameTests {
    @Test(
        arguments: [
            ("lobby", nil, false), ("chat:lobby", "chat", false), ("chat:a:b", "chat", false),
            ("$secret", nil, true),
            ("$chat:secret", "chat", true), ("a-Z_9:x", "a-Z_9", false), ("chat:", "chat", false),
            ("$", nil, true),
            ("a b~!", nil, false), ("x$chat", nil, false), ("#42", nil, false), ("ns:#42", "ns", false),
        ] as [(String, String?, Bool)])
    func `a name has a namespace and may be private`(name: String, namespace: String?, isPrivate: Bool) throws
    {
        let channel = try ChannelName(name)
        #expect(channel.full == name)
        #expect(channel.namespace == namespace)
        #expect(channel.isPrivate == isPrivate)
    }

    @Test(arguments: [
        ("", ChannelNameError.empty), ("straße", .notPrintableASCII), ("a\u{7F}", .notPrintableASCII),
        ("a\tb", .notPrintableASCII), ("a\u{0}", .notPrintableASCII), (":x", .impossibleNamespace),
        ("a:x", .impossibleNamespace), ("$:x", .impossibleNamespace), ("ch.at:x", .impossibleNamespace),
        ("ch at:x", .impossibleNamespace), ("#4:2", .impossibleNamespace),
    ])
    func `what is no channel name is refused`(name: String, error: ChannelNameError) {
        #expect(throws: error) { try ChannelName(name) }
    }

    @Test func `255 bytes are the most`() {
        #expect(throws: Never.self) { try ChannelName(String(repeating: "a", count: 254)) }
        #expect(throws: Never.self) { try ChannelName(String(repeating: "a", count: 255)) }
        #expect(throws: ChannelNameError.tooLong(byteCount: 256)) {
            try ChannelName(String(repeating: "a", count: 256))
        }
    }

    @Test func `an error knows its answer`() {
        #expect(ChannelNameError.empty.reply == nil)
        #expect(ChannelNameError.tooLong(byteCount: 256).reply == .badRequest)
        #expect(ChannelNameError.notPrintableASCII.reply == .badRequest)
        #expect(ChannelNameError.impossibleNamespace.reply == .unknownChannel)
    }

    @Test(arguments: [
        ("dialog#42,43", ["42", "43"]), ("#42", ["42"]), ("dialog#", [""]), ("dialog#42,", ["42", ""]),
        ("#a#b", ["a#b"]), ("chat:x#1, 2", ["1", " 2"]),
    ])
    func `the users stand after the first boundary`(name: String, users: [String]) throws {
        let channel = try ChannelName(name)
        #expect(channel.isUserLimited)
        #expect(channel.users == users)
        for user in users where !user.isEmpty { #expect(channel.allows(user: user)) }
    }

    @Test(arguments: [
        ("dialog#42,43", "4"), ("dialog#42,43", "42,43"), ("dialog#42", "dialog"), ("dialog#", ""),
        ("dialog#42,", ""), ("#a#b", "b"), ("lobby", "42"), ("lobby", ""),
    ])
    func `nobody else is allowed, and never an anonymous user`(name: String, user: String) throws {
        #expect(try !ChannelName(name).allows(user: user))
    }

    @Test(arguments: [
        ("ab", true), ("a", false), ("", false), ("a_-9Z", true), ("a.b", false), ("äb", false),
    ])
    func `namespace names are those of the configuration`(text: String, isName: Bool) {
        #expect(ChannelName.isNamespaceName(text) == isName)
    }
}
