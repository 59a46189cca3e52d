import BelfryBytes
import BelfryTLS
import COpenSSL
import Testing

@Suite struct KeyUpdateTests {
    private func open(_ version: Int32 = TLS1_3_VERSION) throws -> Conversation {
        let conversation = TestLoop().connect(ClientOffer(minVersion: version, maxVersion: version))
        try #require(conversation.shakeHands().summary != nil)
        _ = conversation.client.receive()
        return conversation
    }

    @Test func `the budget is 100 in a second, and a new second brings a new one`() {
        let start = Instant(nanoseconds: 5)
        #expect(taken(101, at: [start]) == [100])
        #expect(taken(101, at: [start, start + .milliseconds(999)]) == [100, 0])
        #expect(taken(100, at: (0..<10).map { start + .seconds($0) }) == Array(repeating: 100, count: 10))
        #expect(taken(200, at: [start, start + .seconds(1)]) == [100, 100])
    }

    @Test func `the budget does not overflow`() {
        #expect(taken(1_000, at: [Instant(nanoseconds: 1)]) == [100])
    }

    /// How many of `count` messages pass at each of the times, one after the other.
    private func taken(_ count: Int, at times: [Instant]) -> [Int] {
        var budget = KeyUpdateBudget()
        return times.map { now in (0..<count).map { _ in budget.take(at: now) }.filter { $0 }.count }
    }

    @Test func `one read handles no more than 32 KeyUpdates`() throws {
        let conversation = try open()
        for _ in 0..<90 { conversation.client.updateKey(askingForReply: false) }
        conversation.client.send([9])
        conversation.clientSpeaks()
        var buffer = [UInt8](repeating: 0, count: 100)
        conversation.beginTurn()
        #expect(
            conversation.session?.read(into: &buffer, from: 0, on: conversation.descriptor) == .budgetSpent)
        #expect(conversation.session?.keyUpdateCount == 32)
        #expect(conversation.session?.hasPending == true)
        #expect(conversation.wire.receiveCalls < 10)
        let rest = conversation.read(turns: 3)
        #expect(rest.bytes == [9])
        #expect(conversation.session?.keyUpdateCount == 90)
    }

    @Test func `the flood is closed at the 101st, with few replies queued`() throws {
        let conversation = try open()
        // A client whose replies are never read.
        for _ in 0..<2_000 { conversation.client.updateKey(askingForReply: true) }
        conversation.clientSpeaks()
        let sentBefore = conversation.wire.toClient.count
        let read = conversation.read(turns: 100)
        #expect(read.end == .failed(TLSFailure(.keyUpdateFlood)))
        #expect(conversation.session?.keyUpdateCount ?? 0 <= 128)
        #expect(conversation.wire.toClient.count - sentBefore <= 65_536)
        #expect(conversation.session?.closeNotify(on: conversation.descriptor) == .notOwed)
    }

    @Test func `a client that updates now and then is served for ever`() throws {
        let conversation = try open()
        for round in 0..<300 {
            conversation.loop.now = conversation.loop.now + .milliseconds(50)
            conversation.client.updateKey(askingForReply: round % 2 == 0)
            conversation.client.send([UInt8(round % 256)])
            conversation.clientSpeaks()
            #expect(conversation.read().bytes == [UInt8(round % 256)])
            #expect(conversation.write([1, 2]).written == 2)
            conversation.clientListens()
            #expect(conversation.client.receive() == [1, 2])
        }
    }

    @Test func `a KeyUpdate that asks for a reply while a write waits breaks nothing`() throws {
        let conversation = try open()
        conversation.wire.sendRoom = 100
        let payload = [UInt8](repeating: 7, count: 5_000)
        #expect(conversation.write(payload).end == .needsWrite)
        conversation.client.updateKey(askingForReply: true)
        conversation.client.send([3])
        conversation.clientSpeaks()
        let early = conversation.read()
        #expect(early.bytes == [3] || early.end == .needsWrite)
        conversation.wire.sendRoom = .max
        #expect(conversation.write(payload).written == 5_000)
        #expect(early.bytes == [3] || conversation.read().bytes == [3])
        conversation.clientListens()
        #expect(conversation.client.receive() == payload)
    }

    @Test func `renegotiation of TLS 1.2 is refused, counted, and bounded`() throws {
        let conversation = try open(TLS1_2_VERSION)
        conversation.client.renegotiate()
        conversation.clientSpeaks()
        #expect(conversation.read(turns: 3).end.failure == nil)
        #expect(conversation.session?.keyUpdateCount == 1)
        // The warning no_renegotiation travels encrypted: record type 21.
        #expect(conversation.wire.toClient.first == 21)
    }
}
