import BelfryProtocol
import Testing

@testable import BelfryAPI

/// Anything may come as the body of a call; only who has a key gets so far, and that is no reason to trust the bytes.
@Suite struct APIReaderTrialTests {
    private static let bodies = [
        #"{"channel":"c","data":{"a":[1,2.5e3,null]},"tags":{"x":"y"},"version":18446744073709551615,"delta":true}"#,
        #"{"channels":["a","b"],"b64data":"AAEC","idempotency_key":"k","skip_history":false}"#,
        #"{"user":"u","channel":"c","info":{"n":1},"recover_since":{"offset":5,"epoch":"e"},"override":{"presence":{"value":true}}}"#,
        #"{"user":"u","client":"x","session":"s","whitelist":["a"],"disconnect":{"code":4500,"reason":"r"}}"#,
        #"{"channel":"c","limit":-1,"since":{"offset":1,"epoch":"\u00e9"},"reverse":true}"#,
        #"{"user":"u","expired":true,"expire_at":1900000000,"info":{}}"#,
        #"{"pattern":"a:*","expression":""}"#,
        #"{"user":"u","address":"192.0.2.0/24","expire_at":1,"token_id":"t","issued_before":2}"#,
        #"{"commands":[{"publish":{"channel":"a","data":1}},{"info":{}},{"batch":{}}],"parallel":true}"#,
    ].map { Array($0.utf8) }

    @Test(arguments: [1 as UInt64, 2, 3])
    func `no body traps the reader, and what it takes it takes again`(seed: UInt64) {
        var random = Seeded(state: seed)
        var (read, refused) = (0, 0)
        for _ in 0..<4_000 {
            let body = mutated(Self.bodies.randomElement(using: &random) ?? [], using: &random)
            for method in APIMethod.allCases {
                guard let command = try? APIReader.command(method, body) else {
                    refused += 1
                    continue
                }
                read += 1
                #expect((try? APIReader.command(method, body)) == command)
            }
        }
        #expect(read > 1_000 && refused > 1_000, "\(read) read, \(refused) refused")
    }

    private func mutated(_ body: [UInt8], using random: inout Seeded) -> [UInt8] {
        var body = body
        for _ in 0..<Int.random(in: 0...4, using: &random) where !body.isEmpty {
            let place = Int.random(in: 0..<body.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: body[place] = .random(in: 0...255, using: &random)
            case 1: body.remove(at: place)
            case 2: body.insert(Array("{}[],:\"\\0-e9".utf8).randomElement(using: &random) ?? 0, at: place)
            case 3: body.removeSubrange(place...)
            default: body.insert(contentsOf: body[..<place], at: place)
            }
        }
        return body
    }
}

/// SplitMix64, the same on every machine.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
