import BelfryBytes
import Testing

@testable import BelfryProtocol

/// Random JSON: every construct, every legal spelling.
private struct JSONGenerator {
    var random: SplitMix64

    mutating func value(depth: Int = 0) -> String {
        switch random.below(depth > 5 ? 5 : 7) {
        case 0: return "null"
        case 1: return random.below(2) == 0 ? "true" : "false"
        case 2: return number()
        case 3, 4: return string()
        case 5: return list("[", "]") { $0.value(depth: depth + 1) }
        default:
            return list("{", "}") { $0.string() + $0.space() + ":" + $0.space() + $0.value(depth: depth + 1) }
        }
    }

    private mutating func list(_ open: String, _ close: String, _ item: (inout Self) -> String) -> String {
        var items: [String] = []
        for _ in 0..<random.below(4) { items.append(space() + item(&self) + space()) }
        return open + (items.isEmpty ? space() : items.joined(separator: ",")) + close
    }

    mutating func string() -> String {
        let parts = [
            "a", "Z", " ", "é", "€", "😀", #"\""#, #"\\"#, #"\n"#, #"\u0000"#, #"\ud83d"#, "\u{2028}", "{",
            ",",
        ]
        return "\"" + (0..<random.below(6)).map { _ in parts[random.below(parts.count)] }.joined() + "\""
    }

    private mutating func number() -> String {
        let integers = ["0", "-0", "7", "-12", "18446744073709551616"]
        let fractions = ["", "", ".0", ".250"]
        let exponents = ["", "", "e1", "E+400", "e-7"]
        return integers[random.below(5)] + fractions[random.below(4)] + exponents[random.below(5)]
    }

    /// Without a line feed, which would end the command.
    mutating func space() -> String { ["", "", " ", "\t", " \r "][random.below(5)] }
}

@Suite struct ProtocolPropertyTests {
    static let seed: UInt64 = 0x42_454C_4652_59

    @Test func `payloads come out as they went in, but for carriage returns`() throws {
        var generator = JSONGenerator(random: SplitMix64(seed: Self.seed))
        for round in 0..<5_000 {
            let payload = generator.value()
            let place = Comment("seed \(Self.seed), round \(round): \(payload)")
            #expect(jsonError(payload) == nil, place)
            let command = "{\"id\":1,\"publish\":{\"channel\":\"c\",\"data\":\(generator.space())\(payload)}}"
            guard case .publish(let publish) = try request(command) else {
                Issue.record("no publish; \(place)")
                return
            }
            let data = try #require(publish.data)
            #expect(data == payload.utf8.filter { $0 != ASCII.carriageReturn }, place)
            // And what is pushed is JSON again, on one line, with the same bytes inside.
            let push = text { JSONPushes.publication(channel: "c", Publication(data: data), into: &$0) }
            #expect(
                push
                    == "{\"push\":{\"channel\":\"c\",\"pub\":{\"data\":\(String(decoding: data, as: UTF8.self))}}}"
            )
            #expect(jsonError(push) == nil && !push.utf8.contains(ASCII.lineFeed), place)
        }
    }

    @Test func `strings come out as they went in`() throws {
        var random = SplitMix64(seed: Self.seed)
        for round in 0..<5_000 {
            let scalars = (0..<random.below(12)).compactMap { _ in
                // Mostly low ones, where the escapes are; now and then any.
                UnicodeScalar(UInt32(random.below(random.below(4) == 0 ? 0x11_0000 : 0x80)))
            }
            let value = String(String.UnicodeScalarView(scalars))
            let json = text { $0.appendJSONString(value.utf8) }
            var scanner = JSONScanner()
            #expect(
                try scanner.string(Array(json.utf8).span).utf8.elementsEqual(value.utf8),
                "seed \(Self.seed), \(round)")
        }
    }

    private static let samples: [String] = [
        #"{"id":1,"connect":{"token":"t","name":"js","subs":{"a":{"recover":true,"offset":1,"epoch":"e"}},"headers":{"h":"\u0041"}}}"#,
        #"{"id":2,"subscribe":{"channel":"c","tf":{"op":"and","nodes":[{"key":"k","cmp":"in","vals":["é","\ud83d\ude00"]}]},"flag":1}}"#,
        #"{"id":3,"publish":{"channel":"chat:lobby","data":{"text":"hi","n":[1.5e+10,-0,true,false,null]}}}"#,
        #"{"id":4.0e0,"history":{"channel":"c","limit":-1,"since":{"offset":18446744073709551615,"epoch":"x"},"reverse":true}}"#,
        #"{"send":{"data":"\\\"\/"}}"#, "{}",
    ]

    @Test(arguments: samples)
    func `every proper prefix of a command is refused`(sample: String) {
        let bytes = Array(sample.utf8)
        #expect(commandError(bytes) == nil)
        for end in bytes.indices { #expect(commandError(Array(bytes[..<end])) != nil, "cut at \(end)") }
    }

    @Test func `a hundred thousand damaged messages trap nothing, and what is accepted is bounded`() {
        var random = SplitMix64(seed: Self.seed)
        let alphabet =
            Array("{}[]\",:\\u0dD8eE+-.123tfn \n\r\t".utf8) + [0x00, 0x7F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        var accepted = 0
        for round in 0..<100_000 {
            var bytes = Array(Self.samples[random.below(Self.samples.count)].utf8)
            for _ in 0...random.below(3) { mutate(&bytes, &random, alphabet) }
            let isCommand = commandError(bytes) == nil
            let isJSON = jsonError(bytes) == nil
            accepted += isCommand ? 1 : 0
            // A single line that is a command is JSON.
            if isCommand, !bytes.contains(ASCII.lineFeed), !isJSON {
                Issue.record("seed \(Self.seed), round \(round): a command that is no JSON")
                return
            }
        }
        #expect(
            (1_000..<90_000).contains(accepted),
            "seed \(Self.seed): the mutations should both spare and break")
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64, _ alphabet: [UInt8]) {
        let index = bytes.isEmpty ? 0 : random.below(bytes.count)
        switch random.below(bytes.isEmpty ? 1 : 5) {
        case 0: bytes.insert(alphabet[random.below(alphabet.count)], at: index)
        case 1: bytes[index] = alphabet[random.below(alphabet.count)]
        case 2: bytes.remove(at: index)
        case 3: bytes.removeSubrange(index..<min(bytes.count, index + random.below(8)))
        default:
            bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + random.below(20))], at: index)
        }
    }
}
