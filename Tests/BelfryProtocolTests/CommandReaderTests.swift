import Testing

@testable import BelfryProtocol

@Suite struct CommandReaderTests {
    @Test(arguments: [
        (#"{"id":1}"#, [1]), (#"{"id":1}"# + "\n", [1]), (#"{"id":1}"# + "\n" + #"{"id":2}"#, [1, 2]),
        (#"{"id":1}"# + "\n" + #"{"id":2}"# + "\n", [1, 2]), (" {\"id\":1}\t\r\n{}", [1, 0]),
    ])
    func `commands stand one a line, and one trailing line break is allowed`(message: String, ids: [UInt32])
        throws
    {
        #expect(try commands(message).map(\.id) == ids)
    }

    @Test(arguments: [
        ("", CommandError.emptyFrame), ("\n", .emptyLine(at: 0)), ("{}\n\n", .emptyLine(at: 3)),
        ("{}\n\n{}", .emptyLine(at: 3)), ("\n{}", .emptyLine(at: 0)),
        (" ", .malformed(.unexpectedEnd(at: 1))),
        ("{}\n ", .malformed(.unexpectedEnd(at: 1))), ("{}{}", .malformed(.trailingBytes(at: 2))),
        ("{}\r{}", .malformed(.trailingBytes(at: 3))), ("{\n}", .malformed(.unexpectedEnd(at: 1))),
        ("[]", .malformed(.wrongType(at: 0))), ("null", .malformed(.wrongType(at: 0))),
        (#"{"id":1,}"#, .malformed(.unexpectedByte(at: 8))), ("{,}", .malformed(.unexpectedByte(at: 1))),
        (#"{"id" 1}"#, .malformed(.unexpectedByte(at: 6))), ("\u{FEFF}{}", .malformed(.wrongType(at: 0))),
    ])
    func `anything else is refused and closes with 3501`(message: String, error: CommandError) {
        #expect(commandError(message) == error)
        #expect(error.disconnect.code == 3501)
    }

    @Test func `the reader can stop after any command and go on in the unread bytes`() throws {
        let message = Array("{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n".utf8)
        var reader = CommandReader()
        #expect(try reader.next(in: message.span)?.id == 1)
        #expect(reader.offset == 9)

        let unread = Array(message[reader.offset...])
        var resumed = CommandReader(commandCount: reader.commandCount)
        #expect(try resumed.next(in: unread.span)?.id == 2)
        #expect(try resumed.next(in: unread.span)?.id == 3)
        let isAtEnd = resumed.isAtEnd(of: unread.span)
        #expect(isAtEnd)
        #expect(try resumed.next(in: unread.span) == nil)
        #expect(try resumed.next(in: unread.span) == nil)

        var sameBytes = CommandReader(from: reader.offset, commandCount: reader.commandCount)
        #expect(try sameBytes.next(in: message.span)?.id == 2)
    }

    @Test func `an offset beyond the message is its end`() throws {
        var reader = CommandReader(from: 100, commandCount: 1)
        #expect(try reader.next(in: Array("{}".utf8).span) == nil)
    }

    @Test(arguments: [1, 2, ProtocolLimits.commandsPerFrame])
    func `one command more than allowed is refused`(limit: Int) {
        let lines = { Array(repeating: "{}", count: $0).joined(separator: "\n") }
        #expect(throws: Never.self) { try commands(Array(lines(limit).utf8), commandsMax: limit) }
        #expect(throws: CommandError.tooManyCommands(limit: limit)) {
            try commands(Array(lines(limit + 1).utf8), commandsMax: limit)
        }
    }

    @Test func `resuming does not refill the number of commands`() throws {
        var reader = CommandReader(commandCount: 2, commandsMax: 2)
        #expect(throws: CommandError.tooManyCommands(limit: 2)) { try reader.next(in: Array("{}".utf8).span) }
    }

    @Test func `an empty command without an id is a pong, with one it is not`() throws {
        #expect(try commands("{}").map(\.isPong) == [true])
        #expect(try commands(#"{"id":0}"#).map(\.isPong) == [true])
        #expect(try commands(#"{"id":7}"#).map(\.isPong) == [false])
        #expect(try commands(#"{"ping":{}}"#).map(\.isPong) == [false])
    }

    @Test(arguments: ["1", "1.0", "10e-1", "0.1e1", "  1 "])
    func `ids may be written in any legal form`(id: String) throws {
        #expect(try commands("{\"id\":\(id)}").map(\.id) == [1])
    }

    @Test(arguments: ["-1", "1.5", "4294967296", "1e10", "99999999999999999999999999"])
    func `ids that are not 32-bit numbers are refused`(id: String) {
        #expect(commandError("{\"id\":\(id)}") == .malformed(.numberOutOfRange(at: 6)))
    }

    @Test(arguments: [#""1""#, "true", "{}", "[]"])
    func `ids of another type are refused`(id: String) {
        #expect(commandError("{\"id\":\(id)}") == .malformed(.wrongType(at: 6)))
    }

    @Test func `the largest id is echoed`() throws {
        #expect(try commands(#"{"id":4294967295}"#).map(\.id) == [.max])
    }

    /// protocol.md 4, rule 4.
    @Test func `the first request in the order of dispatch wins, wherever it stands`() throws {
        let names = [
            "connect", "subscribe", "unsubscribe", "publish", "presence", "presence_stats", "history", "rpc",
            "send",
            "refresh", "sub_refresh", "ping",
        ]
        for winner in names.indices {
            let members = names[winner...].reversed().map { "\"\($0)\":{}" }.joined(separator: ",")
            #expect(try request("{\"id\":1,\(members)}").method == names[winner])
        }
    }

    @Test func `a request that is null does not win`() throws {
        #expect(try request(#"{"connect":null,"subscribe":null,"ping":null,"rpc":{}}"#).method == "rpc")
        #expect(try request(#"{"connect":null}"#) == .empty)
    }

    @Test func `unknown keys are ignored, whatever they hold`() throws {
        let command =
            #"{"x":[{"id":9}],"id":3,"a very long key of many bytes":{},"presence":{"y":null,"channel":"c"},"":1}"#
        #expect(try commands(command) == [Command(id: 3, request: .presence(ChannelRequest(channel: "c")))])
    }

    @Test func `a key may be escaped`() throws {
        #expect(try commands(#"{"\u0069d":3,"p\u0069ng":{}}"#) == [Command(id: 3, request: .ping)])
        // A NUL before the name makes another name.
        #expect(try commands(#"{"\u0000id":3}"#).map(\.id) == [0])
    }

    @Test(arguments: [
        (#"{"id":1,"id":1}"#, 8), (#"{"id":1,"\u0069d":1}"#, 8), (#"{"ping":{},"ping":null}"#, 11),
        (#"{"publish":{"channel":"a","channel":"b"}}"#, 26), (#"{"connect":{"subs":{"a":{},"a":{}}}}"#, 31),
        (#"{"connect":{"headers":{"a":"","\u0061":""}}}"#, 39),
        (#"{"subscribe":{"tf":{"op":"","op":""}}}"#, 28),
    ])
    func `a known key met twice is refused`(message: String, offset: Int) {
        #expect(commandError(message) == .malformed(.duplicateField(at: offset)))
    }

    @Test func `errors have a label of their own`() {
        let errors: [CommandError] = [.emptyFrame, .emptyLine(at: 0), .tooManyCommands(limit: 1)]
        let json: [JSONError] = [
            .unexpectedByte(at: 0), .unexpectedEnd(at: 0), .trailingBytes(at: 0), .controlCharacter(at: 0),
            .invalidEscape(at: 0), .invalidUTF8(at: 0), .nestedTooDeep(limit: 0), .wrongType(at: 0),
            .numberOutOfRange(at: 0), .loneSurrogate(at: 0), .duplicateField(at: 0),
            .tooManyElements(limit: 0),
        ]
        let labels = errors.map(\.label) + json.map { CommandError.malformed($0).label }
        #expect(Set(labels).count == errors.count + json.count)
    }
}
