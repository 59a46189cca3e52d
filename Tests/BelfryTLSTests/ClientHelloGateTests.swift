import BelfryTLS
import Testing

@Suite struct ClientHelloGateTests {
    private func absorb(_ bytes: [UInt8]) -> HelloStep {
        let gate = GateProbe()
        return gate.absorb(bytes)
    }

    private var hello: HelloBytes {
        HelloBytes(extensions: [
            HelloBytes.serverName(Array("a.test".utf8)), HelloBytes.protocols(["http/1.1"]),
        ])
    }

    private func isComplete(_ step: HelloStep) -> Bool {
        guard case .complete(let hello) = step else { return false }
        return hello.isWellFormed && hello.serverName == "a.test"
    }

    @Test func `a hello in one piece is complete`() {
        #expect(isComplete(absorb(hello.records())))
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 50])
    func `a hello in many records is complete, and so is one in many pieces`(size: Int) {
        #expect(isComplete(absorb(hello.records(of: size))))
        let gate = GateProbe()
        let bytes = hello.records(of: size)
        for (index, byte) in bytes.enumerated() {
            let step = gate.absorb([byte])
            #expect(index == bytes.count - 1 ? isComplete(step) : step == .needsRead)
        }
        #expect(gate.takeBytes() == bytes)
        #expect(gate.byteCount == 0)
    }

    @Test func `what follows the hello is kept for replay`() {
        let gate = GateProbe()
        let bytes = hello.records() + [20, 3, 3, 0, 1, 1]
        #expect(isComplete(gate.absorb(bytes)))
        #expect(gate.takeBytes() == bytes)
    }

    @Test func `a hello whose record goes on is waited for to the record's end`() {
        var records = hello.records()
        records[4] += 1
        #expect(absorb(records) == .needsRead)
        #expect(isComplete(absorb(records + [0])))
    }

    @Test(arguments: [
        ("G", nil), ("GE", nil), ("GET", nil), ("GET ", HelloRefusal?.some(.plaintextHTTP)),
        ("GETT", .notTLS), ("get ", .notTLS), ("HEAD", .plaintextHTTP), ("PRI * HTTP/2.0", .plaintextHTTP),
        ("SSH-2.0", .notTLS), ("\r\n", .notTLS), ("\0", .notTLS),
    ])
    func `clear text is told from garbage`(text: String, refusal: HelloRefusal?) {
        #expect(absorb(Array(text.utf8)) == refusal.map { .refused($0) } ?? .needsRead)
    }

    @Test(arguments: [
        ([UInt8(22)], nil), ([22, 3], nil), ([22, 3, 1, 0], nil), ([22, 2], HelloRefusal?.some(.notTLS)),
        ([22, 3, 1, 0x40, 0], .oversize(byteCount: 16_389)), ([22, 3, 1, 0x3F, 0xFB], nil),
        ([22, 3, 1, 0x3F, 0xFC], .oversize(byteCount: 16_385)),
        ([22, 3, 1, 0x40, 1], .recordOverflow(byteCount: 16_385)),
        ([22, 3, 1, 0xFF, 0xFF], .recordOverflow(byteCount: 65_535)),
        ([23, 3, 3], .unexpectedRecord(type: 23)),
        ([20], .unexpectedRecord(type: 20)), ([21, 3, 3, 0, 2, 2, 0], .unexpectedRecord(type: 21)),
        ([22, 3, 1, 0, 4, 2, 0, 0, 0], .unexpectedMessage(type: 2)),
        ([22, 3, 1, 0, 4, 1, 0, 0x40, 0], .oversize(byteCount: 16_384)),
        ([22, 3, 1, 0, 4, 1, 0xFF, 0xFF, 0xFF], .oversize(byteCount: 16_777_215)),
        ([22, 3, 1, 0, 4, 1, 0, 0x3F, 0xF7], nil),
        ([22, 3, 1, 0, 4, 1, 0, 0x3F, 0xF8], .oversize(byteCount: 16_376)),
        ([0x80], nil), ([0x80, 0x2E], nil), ([0x80, 0x2E, 1], .sslv2), ([0x80, 0x2E, 4], .notTLS),
        ([22, 3, 1, 0, 1, 1, 23], .unexpectedRecord(type: 23)), ([22, 3, 1, 0, 1, 1, 99], .notTLS),
    ])
    func `the envelope is judged at the first byte that tells`(bytes: [UInt8], refusal: HelloRefusal?) {
        #expect(absorb(bytes) == refusal.map { .refused($0) } ?? .needsRead)
    }

    @Test func `32 empty records pass, 33 do not`() {
        let empty: [UInt8] = [22, 3, 1, 0, 0]
        #expect(isComplete(absorb(Array(repeating: empty, count: 32).flatMap { $0 } + hello.records())))
        #expect(absorb(Array(repeating: empty, count: 33).flatMap { $0 }) == .refused(.emptyRecords))
    }

    @Test func `no more than 16 KiB are ever kept`() {
        let gate = GateProbe()
        // One-byte records of a message that never ends.
        let announced: [UInt8] = [22, 3, 1, 0, 4, 1, 0, 0x3F, 0xF7]
        #expect(gate.absorb(announced) == .needsRead)
        var step = HelloStep.needsRead
        for _ in 0..<10_000 where step == .needsRead { step = gate.absorb([22, 3, 1, 0, 1, 9]) }
        guard case .refused(.oversize) = step else {
            Issue.record("the gate took it all: \(step)")
            return
        }
        #expect(gate.byteCount <= ClientHelloGate.byteLimit)
    }

    @Test func `more than there is room for is dropped and refused`() {
        let gate = GateProbe()
        let bytes = [22, 3, 1, 0, 1, 1] + [UInt8](repeating: 22, count: 20_000)
        guard case .refused = gate.absorb(bytes) else {
            Issue.record("accepted")
            return
        }
        #expect(gate.byteCount == ClientHelloGate.byteLimit)
        #expect(gate.room == 0)
    }

    @Test func `the largest hello there may be is complete`() {
        var hello = HelloBytes()
        let overhead = hello.records().count
        hello.extensions = [(0x4444, [UInt8](repeating: 0, count: ClientHelloGate.byteLimit - overhead - 4))]
        #expect(hello.records().count == ClientHelloGate.byteLimit)
        guard case .complete(let parsed) = absorb(hello.records()) else {
            Issue.record("refused")
            return
        }
        #expect(parsed.isWellFormed)
    }

    @Test func `a malformed hello is complete, for OpenSSL to judge`() {
        guard case .complete(let parsed) = absorb([22, 3, 1, 0, 5, 1, 0, 0, 1, 3]) else {
            Issue.record("not complete")
            return
        }
        #expect(!parsed.isWellFormed)
    }

    @Test func `each refusal has a label and an answer that fits`() {
        #expect(HelloRefusal.recordOverflow(byteCount: 20_000).answer == [21, 3, 3, 0, 2, 2, 22])
        #expect(HelloRefusal.recordOverflow(byteCount: 20_000).failure.reason == .badRecord)
        #expect(HelloRefusal.oversize(byteCount: 20_000).answer == [21, 3, 3, 0, 2, 2, 47])
        #expect(HelloRefusal.unexpectedMessage(type: 2).failure.alertSent == .unexpectedMessage)
        #expect(HelloRefusal.notTLS.answer == [])
        #expect(
            String(decoding: HelloRefusal.plaintextHTTP.answer, as: UTF8.self).hasSuffix(
                "\r\n\r\nThis port speaks TLS only."))
    }

    @Test func `random bytes never trap (seed printed)`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("ClientHelloGate seed \(seed)")
        var random = SplitMix64(state: seed)
        for _ in 0..<3_000 {
            let gate = GateProbe()
            var bytes = hello.records(of: Int(random.next() % 60) + 1)
            for _ in 0..<(random.next() % 6) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(random.next() & 0xFF)
            }
            var start = 0
            var step = HelloStep.needsRead
            while start < bytes.count, step == .needsRead {
                let end = min(bytes.count, start + Int(random.next() % 40) + 1)
                step = gate.absorb(Array(bytes[start..<end]))
                start = end
            }
            #expect(gate.byteCount <= bytes.count)
        }
    }
}

/// A gate that `#expect` can look at: neither mutation nor a span passes through the macro.
private final class GateProbe {
    private var gate = ClientHelloGate()

    var byteCount: Int { gate.byteCount }
    var room: Int { gate.room }

    func absorb(_ bytes: [UInt8]) -> HelloStep { gate.absorb(bytes.span) }
    func takeBytes() -> [UInt8] { gate.takeBytes() }
}

/// A random generator that repeats itself from its seed.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
