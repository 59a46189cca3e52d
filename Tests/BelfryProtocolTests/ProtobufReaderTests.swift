import BelfryBytes
import Testing

@testable import BelfryProtocol

@Suite struct ProtobufReaderTests {
    @Test func `the reader can stop after any command and go on in the unread bytes`() throws {
        let message = (1...3).flatMap { frame([.number(1, $0)]) }
        var reader = CommandReader(codec: .protobuf)
        #expect(try reader.next(in: message.span)?.id == 1)
        #expect(reader.offset == 3 && reader.commandCount == 1)

        let unread = Array(message[reader.offset...])
        var resumed = CommandReader(codec: .protobuf, commandCount: reader.commandCount)
        #expect(try resumed.next(in: unread.span)?.id == 2)
        #expect(try resumed.next(in: unread.span)?.id == 3)
        let isAtEnd = resumed.isAtEnd(of: unread.span)
        #expect(isAtEnd)
        #expect(try resumed.next(in: unread.span) == nil)
    }

    @Test func `an empty frame is refused, a command of no bytes is a pong`() throws {
        #expect(protobufError([UInt8]()) == .emptyFrame)
        #expect(try protobufCommands([0, 0]).map(\.isPong) == [true, true])
        #expect(try protobufCommands(frame([.number(1, 7)])).map(\.isPong) == [false])
    }

    @Test func `one command more than allowed is refused`() {
        let limit = ProtocolLimits.commandsPerFrame
        #expect(protobufError([UInt8](repeating: 0, count: limit)) == nil)
        #expect(protobufError([UInt8](repeating: 0, count: limit + 1)) == .tooManyCommands(limit: limit))
    }

    @Test(arguments: [
        // A length that is cut, too long, beyond 64 bits, or beyond the message.
        ("80", ProtobufError.unexpectedEnd(at: 0)), ("0080", .unexpectedEnd(at: 1)),
        ("ffffffffffffffffffff", .numberOutOfRange(at: 0)),
        ("80808080808080808002", .numberOutOfRange(at: 0)),
        ("ffffffffffffffffff01", .unexpectedEnd(at: 10)), ("ffffffffffffffff7f", .unexpectedEnd(at: 9)),
        ("01", .unexpectedEnd(at: 1)), ("03080000", .invalidEncoding(at: 1)),
        // Inside: a cut field, field number 0, the end of a group that never began, wire types that are none.
        ("0108", .unexpectedEnd(at: 1)), ("022205", .unexpectedEnd(at: 1)),
        ("020000", .invalidEncoding(at: 1)), ("010c", .invalidEncoding(at: 1)),
        ("02060f", .invalidEncoding(at: 1)),
        ("052a030a01ff", .invalidUTF8(at: 1)),
        // A number of eleven bytes.
        ("0c08ffffffffffffffffffff01", .invalidEncoding(at: 1)),
        // The second command is the bad one.
        ("020801022a05", .unexpectedEnd(at: 4)),
    ])
    func `what is no command is refused and closes with 3501`(message: String, error: ProtobufError) {
        #expect(protobufError(hex(message)) == .malformedProtobuf(error))
        #expect(CommandError.malformedProtobuf(error).disconnect == .badRequest)
    }

    @Test func `a length may be written with more bytes than it needs`() throws {
        #expect(try protobufCommands(hex("8280000803")).map(\.id) == [3])
        #expect(try protobufCommands(hex("80808080808080808000")).map(\.isPong) == [true])
    }

    @Test func `unknown fields are skipped, whatever their wire type`() throws {
        let unknown = hex(
            "a0 06 01  a1 06 0102030405060708  a2 06 02 ffff  a5 06 01020304  a3 06 08 01 a4 06")
        let fields: [Field] = [.number(1, 3), .message(8, [.text(1, "c"), .text(9, "?"), .number(3, 1)])]
        let presence = Request.presence(ChannelRequest(channel: "c"))
        let message = fields.flatMap(\.encoded)
        #expect(try protobufCommands(frame(unknown + message)) == [Command(id: 3, request: presence)])
        #expect(try protobufCommands(frame(message + unknown)) == [Command(id: 3, request: presence)])
    }

    /// The encoding's own rule; JSON has none, so there it is refused.
    @Test func `a known field of another wire type is an unknown one`() throws {
        #expect(try protobufCommands(frame([.text(1, "7")])).map(\.id) == [0])
        #expect(try protobufRequest([.number(4, 1)]) == .empty)
        #expect(try protobufRequest([.message(8, [.number(1, 1)])]) == .presence(ChannelRequest()))
        #expect(
            try protobufRequest([.message(5, [.text(3, "x"), .text(7, "y")])])
                == .subscribe(SubscribeRequest()))
    }

    @Test func `of a field met twice the last counts, and messages are merged`() throws {
        #expect(try protobufCommands(frame([.number(1, 1), .number(1, 2)])).map(\.id) == [2])
        var history = HistoryRequest()
        history.channel = "b"
        history.limit = 3
        #expect(
            try protobufRequest([
                .message(10, [.text(1, "a"), .number(7, 3)]), .message(10, [.text(1, "b")]),
            ])
                == .history(history))
    }

    /// protocol.md 4, rule 4.
    @Test func `the first request in the order of dispatch wins, wherever it stands`() throws {
        let numbers = [4, 5, 6, 7, 8, 9, 10, 13, 12, 14, 15, 11]
        let methods = [
            "connect", "subscribe", "unsubscribe", "publish", "presence", "presence_stats", "history", "rpc",
            "send", "refresh", "sub_refresh", "ping",
        ]
        for (index, method) in methods.enumerated() {
            let fields = numbers[index...].reversed().map { Field.message($0, []) }
            #expect(try protobufRequest(fields).method == method)
        }
    }

    @Test func `an empty token or payload is an absent one`() throws {
        #expect(
            try protobufRequest([.message(4, [.text(1, ""), .text(2, "")])]) == .connect(ConnectRequest()))
    }

    @Test func `client name and version are cut at their limit`() throws {
        let long = String(repeating: "é", count: 100)
        guard
            case .connect(let connect) = try protobufRequest([.message(4, [.text(4, long), .text(5, long)])])
        else {
            Issue.record("no connect")
            return
        }
        #expect(connect.name.utf8.count == ProtocolLimits.clientNameBytes)
        #expect(connect.version.utf8.count == ProtocolLimits.clientVersionBytes)
    }

    @Test(arguments: [1, -1])
    func `a payload is any bytes`(_ sign: Int) throws {
        let every = (0...255).map { UInt8(sign > 0 ? $0 : 255 - $0) }
        guard case .publish(let publish) = try protobufRequest([.message(7, [.bytes(2, every)])]) else {
            Issue.record("no publish")
            return
        }
        #expect(publish.data == every && publish.form == .binary)
    }
}

@Suite struct ProtobufLimitTests {
    private func isRefused(_ fields: [Field]) -> Bool { protobufError(fields) != nil }

    @Test func `lists in a command are bounded as in JSON`() {
        func connect(_ field: Int, _ count: Int) -> [Field] {
            [.message(4, (0..<count).map { .message(field, [.text(1, "k\($0)")]) })]
        }
        let subs = ProtocolLimits.connectSubscriptions
        #expect(!isRefused(connect(3, subs)) && isRefused(connect(3, subs + 1)))
        let headers = ProtocolLimits.connectHeaders
        #expect(!isRefused(connect(6, headers)) && isRefused(connect(6, headers + 1)))
        func filter(_ fields: [Field]) -> [Field] { [.message(5, [.message(13, fields)])] }
        let nodes = ProtocolLimits.filterNodes
        #expect(!isRefused(filter(Array(repeating: .message(6, []), count: nodes - 1))))
        #expect(isRefused(filter(Array(repeating: .message(6, []), count: nodes))))
        let values = ProtocolLimits.filterValues
        #expect(!isRefused(filter(Array(repeating: .text(5, ""), count: values))))
        #expect(isRefused(filter(Array(repeating: .text(5, ""), count: values + 1))))
    }

    @Test(arguments: [false, true])
    func `a filter nests no deeper than allowed, also in the subs of connect`(isInConnect: Bool) {
        func filter(depth: Int) -> [Field] {
            var fields: [Field] = []
            for _ in 1..<depth { fields = [.message(6, fields)] }
            let subscribe: [Field] = [.message(13, fields)]
            return isInConnect
                ? [.message(4, [.message(3, [.text(1, "c"), .message(2, subscribe)])])]
                : [.message(5, subscribe)]
        }
        let limit = ProtocolLimits.filterDepth
        #expect(protobufError(filter(depth: limit)) == nil)
        #expect(
            protobufError(filter(depth: limit + 1)) == .malformedProtobuf(.nestedTooDeep(limit: limit)))
        #expect(
            protobufError(filter(depth: 1_000))
                == .malformedProtobuf(.nestedTooDeep(limit: ProtocolLimits.messageDepth)))
    }

    @Test func `groups that open and never close cost no stack`() {
        // Field 100 begins a group, thirty thousand times.
        let groups = Array(repeating: [0xA3, 0x06] as [UInt8], count: 30_000).flatMap { $0 }
        #expect(
            protobufError(frame(groups))
                == .malformedProtobuf(.nestedTooDeep(limit: ProtocolLimits.messageDepth)))
    }

    @Test(arguments: [[], [0xA3, 0x06, 0xA4, 0x06], [0xA3, 0x06]] as [[UInt8]])
    func `a message full of the smallest elements is refused before it is built, also behind a group`(
        group: [UInt8]
    ) {
        func full(_ path: [Int]) -> CommandError? {
            var bytes = Array(repeating: Field.message(path[path.count - 1], []).encoded, count: 30_000)
                .flatMap { $0 }
            for field in path.dropLast().reversed() { bytes = Field.bytes(field, group + bytes).encoded }
            return protobufError(frame(group + bytes))
        }
        func tooMany(_ limit: Int) -> CommandError { .malformedProtobuf(.tooManyElements(limit: limit)) }
        #expect(full([5, 13, 6]) == tooMany(ProtocolLimits.filterNodes))
        #expect(full([5, 13]) == tooMany(ProtocolLimits.filterNodes))
        #expect(full([4, 3, 2, 13]) == tooMany(ProtocolLimits.filterNodes))
        #expect(full([4, 3]) == tooMany(ProtocolLimits.connectSubscriptions))
        #expect(full([4, 6]) == tooMany(ProtocolLimits.connectHeaders))
        for path in [[4], [5], [6], [11], [10, 8], [4, 3, 2]] {
            #expect(full(path) == tooMany(ProtocolLimits.messagesPerCommand), "\(path)")
        }
    }
}

@Suite struct ProtobufPropertyTests {
    static let seed: UInt64 = 0x42_454C_4652_59

    @Test(arguments: ProtobufExchangeTests.asks)
    func `every proper prefix of a command is refused`(ask: ProtobufExchangeTests.Ask) {
        let message = frame(ask.fields)
        #expect(protobufError(message) == nil)
        for end in message.indices { #expect(protobufError(Array(message[..<end])) != nil, "cut at \(end)") }
    }

    @Test func `payloads come out as they went in`() throws {
        var random = SplitMix64(seed: Self.seed)
        for round in 0..<2_000 {
            let data = (0..<(1 + random.below(300))).map { _ in UInt8(random.below(256)) }
            guard case .publish(let publish) = try protobufRequest([.message(7, [.bytes(2, data)])]) else {
                Issue.record("no publish; seed \(Self.seed), round \(round)")
                return
            }
            #expect(publish.data == data, "seed \(Self.seed), round \(round)")
            let push = bytes {
                ProtobufPushes.publication(channel: "c", Publication(data: data), into: &$0)
            }
            #expect(push == frame([.message(4, [.text(2, "c"), .message(4, [.bytes(4, data)])])]))
        }
    }

    @Test func `ten thousand damaged messages trap nothing, and what is accepted can be written as JSON`() {
        var random = SplitMix64(seed: Self.seed)
        let samples = ProtobufExchangeTests.asks.map { frame($0.fields) }
        var accepted = 0
        for round in 0..<10_000 {
            var message = samples[random.below(samples.count)]
            for _ in 0...random.below(3) { mutate(&message, &random) }
            guard let commands = try? protobufCommands(message) else { continue }
            accepted += 1
            for command in commands where !pushesJSON(command) {
                Issue.record("seed \(Self.seed), round \(round): \(message)")
                return
            }
        }
        #expect(
            (1_000..<9_000).contains(accepted),
            "seed \(Self.seed): the mutations should both spare and break, \(accepted) accepted")
    }

    /// Whatever was published, a JSON push of it is one line of JSON.
    private func pushesJSON(_ command: Command) -> Bool {
        guard case .publish(let publish) = command.request else { return true }
        let publication = Publication(data: publish.data ?? [], form: publish.form)
        let push = bytes { JSONPushes.publication(channel: publish.channel, publication, into: &$0) }
        return jsonError(push) == nil && !push.contains(where: \.isLineBreak)
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let hostile: [UInt8] = [0x00, 0x01, 0x02, 0x03, 0x04, 0x07, 0x0A, 0x7F, 0x80, 0xFF]
        let index = bytes.isEmpty ? 0 : random.below(bytes.count)
        switch random.below(bytes.isEmpty ? 1 : 6) {
        case 0: bytes.insert(hostile[random.below(hostile.count)], at: index)
        case 1: bytes[index] = hostile[random.below(hostile.count)]
        case 2: bytes[index] ^= 1 << UInt8(random.below(8))
        case 3: bytes.remove(at: index)
        case 4: bytes.removeSubrange(index..<min(bytes.count, index + random.below(8)))
        default:
            bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + random.below(20))], at: index)
        }
    }
}
