import BelfryBytes
import BelfryTLS
import COpenSSL
import Glibc
import Testing

@Suite struct TransferTests {
    private func open(_ version: Int32 = TLS1_3_VERSION, _ loop: TestLoop = TestLoop()) throws -> Conversation
    {
        let conversation = loop.connect(ClientOffer(minVersion: version, maxVersion: version))
        try #require(conversation.shakeHands().summary != nil)
        _ = conversation.client.receive()
        return conversation
    }

    static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    @Test(arguments: versions)
    func `bytes arrive as they were sent, whatever their number`(version: Int32) throws {
        let conversation = try open(version)
        for count in [1, 2, 125, 16_383, 16_384, 16_385, 100_000] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var sent = 0
            while sent < count {
                let next = min(sent + 16_384, count)
                conversation.client.send(Array(payload[sent..<next]))
                sent = next
            }
            conversation.clientSpeaks()
            #expect(conversation.read(turns: 4).bytes == payload)
            #expect(conversation.write(payload).written == count)
            conversation.clientListens()
            #expect(conversation.client.receive() == payload)
        }
    }

    @Test func `many small records come out of one read and one receive`() throws {
        let conversation = try open()
        for byte in 0..<200 { conversation.client.send([UInt8(byte)]) }
        conversation.clientSpeaks()
        let before = conversation.wire.receiveCalls
        var buffer = [UInt8](repeating: 0, count: 1_000)
        conversation.beginTurn()
        #expect(
            conversation.session?.read(into: &buffer, from: 10, on: conversation.descriptor)
                == .progressed(byteCount: 200))
        #expect(Array(buffer[10..<210]) == (0..<200).map { UInt8($0) })
        #expect(conversation.session?.read(into: &buffer, from: 0, on: conversation.descriptor) == .needsRead)
        #expect(conversation.wire.receiveCalls == before + 1, "a short read says that the socket is empty")
    }

    @Test func `behind a hello that came whole the socket is not asked again`() {
        let conversation = TestLoop().connect()
        conversation.client.handshake()
        conversation.clientSpeaks()
        #expect(conversation.serverStep() == .needsRead)
        #expect(conversation.hasSession)
        #expect(conversation.wire.receiveCalls == 1)
    }

    @Test func `a small buffer takes the plaintext in parts, and nothing is lost between turns`() throws {
        let conversation = try open()
        let payload = (0..<5_000).map { UInt8(truncatingIfNeeded: $0) }
        for start in stride(from: 0, to: 5_000, by: 500) {
            conversation.client.send(Array(payload[start..<(start + 500)]))
        }
        conversation.clientSpeaks()
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 7)
        for turn in 0..<800 {
            // Another connection's turn in between must not disturb what lies ready here.
            if turn == 3 { #expect(try open(TLS1_3_VERSION, conversation.loop).read().end == .needsRead) }
            conversation.beginTurn()
            guard
                case .progressed(let count) = conversation.session?.read(
                    into: &buffer, from: 0, on: conversation.descriptor)
            else { break }
            bytes += buffer[0..<count]
        }
        #expect(bytes == payload)
        #expect(conversation.session?.hasPending == false)
    }

    @Test func `one byte a receive is slow and right`() throws {
        let conversation = try open()
        conversation.wire.receiveMax = 1
        conversation.client.send([1, 2, 3, 4, 5])
        conversation.clientSpeaks()
        var bytes: [UInt8] = []
        for _ in 0..<100 where bytes.count < 5 { bytes += conversation.read().bytes }
        #expect(bytes == [1, 2, 3, 4, 5])
    }

    @Test func `a turn reads 64 KiB from the socket and no more`() throws {
        let conversation = try open()
        for _ in 0..<20 { conversation.client.send([UInt8](repeating: 1, count: 16_384)) }
        conversation.clientSpeaks()
        let waiting = conversation.wire.toServer.count
        let first = conversation.read()
        #expect(first.end == .budgetSpent)
        #expect(waiting - conversation.wire.toServer.count == 65_536)
        let rest = conversation.read(turns: 10)
        #expect(first.bytes.count + rest.bytes.count == 20 * 16_384)
        #expect(rest.end == .needsRead)
    }

    @Test func `with the peer hung up a short read is not the end`() throws {
        let conversation = try open()
        conversation.client.send([1])
        conversation.clientSpeaks()
        conversation.wire.isEnded = true
        #expect(conversation.read().end == .needsRead, "the end will be announced by a readiness of its own")
        conversation.beginTurn(peerHungUp: true)
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(conversation.session?.read(into: &buffer, from: 0, on: conversation.descriptor) == .truncated)
    }

    @Test func `a hang-up is told to the connection whose turn it is, whoever was served before`() throws {
        let loop = TestLoop()
        let (conversation, other) = (try open(TLS1_3_VERSION, loop), try open(TLS1_3_VERSION, loop))
        #expect(conversation.read().end == .needsRead)
        #expect(other.read().end == .needsRead)
        conversation.client.send([1])
        conversation.clientSpeaks()
        conversation.wire.isEnded = true
        conversation.beginTurn(peerHungUp: true)
        var buffer = [UInt8](repeating: 0, count: 16)
        let first = conversation.session?.read(into: &buffer, from: 0, on: conversation.descriptor)
        #expect(first == .progressed(byteCount: 1))
        #expect(conversation.session?.read(into: &buffer, from: 0, on: conversation.descriptor) == .truncated)
    }

    @Test func `a socket counts as empty once a read came to its end, until a readiness is skipped`() throws {
        let conversation = try open()
        for _ in 0..<20 { conversation.client.send([UInt8](repeating: 1, count: 16_384)) }
        conversation.clientSpeaks()
        #expect(conversation.read().end == .budgetSpent)
        #expect(conversation.session?.isSocketEmpty == false)
        #expect(conversation.read(turns: 10).end == .needsRead)
        #expect(conversation.session?.isSocketEmpty == true)
        conversation.session?.skipReadiness()
        #expect(conversation.session?.isSocketEmpty == false)
    }

    @Test func `an end with close_notify is orderly, one without is a truncation`() throws {
        let orderly = try open()
        orderly.client.send([1])
        orderly.client.sayGoodbye()
        orderly.clientSpeaks()
        orderly.wire.isEnded = true
        let read = orderly.read()
        #expect(read.bytes == [1])
        #expect(read.end == .peerClosed)
        #expect(orderly.read().end == .peerClosed, "the end repeats")
        #expect(orderly.write([5]).written == 1, "we may still speak")
        #expect(orderly.session?.closeNotify(on: orderly.descriptor) == .sent)

        let cut = try open()
        cut.wire.isEnded = true
        #expect(cut.read().end == .truncated)
        #expect(cut.read().end == .truncated)
        #expect(cut.write([5]).end.failure?.reason == .closed)
        #expect(cut.session?.closeNotify(on: cut.descriptor) == .notOwed)
    }

    @Test func `close_notify is said once, and nothing after it`() throws {
        let conversation = try open()
        #expect(conversation.session?.closeNotify(on: conversation.descriptor) == .sent)
        #expect(conversation.session?.closeNotify(on: conversation.descriptor) == .notOwed)
        #expect(conversation.write([1]).end.failure?.reason == .closed)
        conversation.clientListens()
        _ = conversation.client.receive()
        #expect(conversation.client.heardGoodbye)
    }

    @Test func `close_notify waits for a full socket and for a refused write`() throws {
        let conversation = try open()
        conversation.wire.sendRoom = 0
        #expect(conversation.session?.closeNotify(on: conversation.descriptor) == .needsWrite)
        conversation.wire.sendRoom = .max
        #expect(conversation.session?.closeNotify(on: conversation.descriptor) == .sent)

        let busy = try open()
        busy.wire.sendRoom = 10
        #expect(busy.write([1, 2, 3]).end == .needsWrite)
        #expect(busy.session?.closeNotify(on: busy.descriptor) == .needsWrite)
        busy.wire.sendRoom = .max
        #expect(busy.write([1, 2, 3]).written == 3)
        #expect(busy.session?.closeNotify(on: busy.descriptor) == .sent)
        busy.clientListens()
        #expect(busy.client.receive() == [1, 2, 3])
        #expect(busy.client.heardGoodbye)
    }

    @Test func `no close_notify after a failure or before the handshake`() throws {
        let conversation = try open()
        conversation.wire.toServer = [23, 3, 3, 0, 20] + [UInt8](repeating: 0, count: 20)
        #expect(conversation.read().end.failure?.reason == .badRecord)
        #expect(conversation.session?.closeNotify(on: conversation.descriptor) == .notOwed)
        #expect(conversation.write([1]).end.failure?.reason == .badRecord)

        let fresh = TestLoop().connect()
        fresh.client.handshake()
        fresh.clientSpeaks()
        _ = fresh.serverStep()
        #expect(fresh.session?.closeNotify(on: fresh.descriptor) == .notOwed)
    }

    @Test func `a full socket refuses, and the same bytes from another address go through`() throws {
        let conversation = try open()
        let payload = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        conversation.wire.sendRoom = 20_000
        let first = conversation.write(payload)
        #expect(first.end == .needsWrite)
        #expect(first.written == 16_384)
        #expect(conversation.write(Array(payload[first.written...])).end == .needsWrite)
        conversation.wire.sendRoom = .max
        // Longer than what was refused is fine: it begins with the same bytes.
        let rest = Array(payload[first.written...]) + [1, 2, 3]
        #expect(conversation.write(rest).written == rest.count)
        conversation.clientListens()
        #expect(conversation.client.receive() == payload + [1, 2, 3])
    }

    @Test func `after a short send the kernel is not asked again in the same call`() throws {
        let conversation = try open()
        conversation.wire.sendMax = 100
        let before = conversation.wire.sendCalls
        #expect(conversation.write([UInt8](repeating: 1, count: 1_000)).end == .needsWrite)
        #expect(conversation.wire.sendCalls == before + 1)
    }

    @Test func `a span and a buffer are written as an array is`() throws {
        let conversation = try open()
        let payload: [UInt8] = [1, 2, 3, 4]
        let step = conversation.session?.write(payload.span, on: conversation.descriptor)
        #expect(step == .progressed(byteCount: 4))
        #expect(
            conversation.session?.write(payload, from: 2, on: conversation.descriptor)
                == .progressed(byteCount: 2))
        #expect(
            conversation.session?.write(payload, from: 4, on: conversation.descriptor)
                == .progressed(byteCount: 0))
        conversation.clientListens()
        #expect(conversation.client.receive() == [1, 2, 3, 4, 3, 4])
    }

    @Test func `a request that comes with the last handshake message is not lost`() throws {
        let conversation = TestLoop().connect(ClientOffer(minVersion: TLS1_3_VERSION))
        conversation.client.handshake()
        conversation.clientSpeaks()
        #expect(conversation.serverStep() == .needsRead)
        conversation.clientListens()
        conversation.client.handshake()
        conversation.client.send([42])
        conversation.clientSpeaks()
        #expect(conversation.serverStep().summary != nil)
        #expect(conversation.session?.hasPending == true)
        #expect(conversation.read().bytes == [42])
    }

    private func openForged() throws -> (Conversation, RecordForge) {
        let offer = ClientOffer(minVersion: TLS1_3_VERSION, suites: "TLS_AES_128_GCM_SHA256")
        let conversation = TestLoop().connect(offer)
        try #require(conversation.shakeHands().summary?.cipher == .aes128GCM)
        return (conversation, RecordForge(secret: conversation.client.trafficSecret))
    }

    @Test func `32 empty records of data pass, an endless row of them does not`() throws {
        var (conversation, forge) = try openForged()
        for _ in 0..<32 { conversation.wire.toServer += forge.record(type: 23, []) }
        conversation.wire.toServer += forge.record(type: 23, [5])
        #expect(conversation.read().bytes == [5])
        #expect(conversation.session?.keyUpdateCount == 0)
        for _ in 0..<40 { conversation.wire.toServer += forge.record(type: 23, []) }
        let failure = conversation.read(turns: 3).end.failure
        #expect(failure?.reason == .badRecord)
        #expect(failure?.alertSent == .unexpectedMessage)
    }

    @Test(arguments: [
        (UInt8(22), [UInt8(11), 0, 0, 1, 0], TLSFailure.Reason.badRecord), (22, [0, 0, 0, 0], .badRecord),
        (22, [1, 0, 0, 1, 0], .badRecord), (20, [1], .badRecord), (99, [1], .badRecord),
        (21, [2, 80], .clientAlertOther),
        (21, [2, 46], .clientAlertCertificate), (21, [2], .badRecord), (22, [24, 0, 0, 1, 9], .badRecord),
    ])
    func `messages out of turn end the connection`(type: UInt8, content: [UInt8], reason: TLSFailure.Reason)
        throws
    {
        var (conversation, forge) = try openForged()
        conversation.wire.toServer = forge.record(type: type, content)
        #expect(conversation.read(turns: 2).end.failure?.reason == reason)
    }

    @Test func `the warning user_canceled is taken, a row of KeyUpdates in one record is not`() throws {
        var (conversation, forge) = try openForged()
        conversation.wire.toServer = forge.record(type: 21, [1, 90]) + forge.record(type: 23, [8])
        #expect(conversation.read(turns: 2).bytes == [8])
        conversation.wire.toServer = forge.record(
            type: 22, Array(repeating: [24, 0, 0, 1, 0], count: 50).flatMap { $0 })
        #expect(conversation.read(turns: 2).end.failure?.reason == .badRecord)
    }

    @Test func `a record longer than 16 KiB is refused`() throws {
        var (conversation, forge) = try openForged()
        conversation.wire.toServer = forge.record(type: 23, [UInt8](repeating: 1, count: 16_385))
        let failure = conversation.read(turns: 2).end.failure
        #expect(failure?.reason == .badRecord)
        #expect(failure?.alertSent == .recordOverflow)
    }

    @Test func `a reset is closed, with its number`() throws {
        let conversation = try open()
        conversation.wire.error = Int(ECONNRESET)
        #expect(conversation.read().end == .failed(TLSFailure(.closed, systemError: ECONNRESET)))
        let writing = try open()
        writing.wire.error = Int(EPIPE)
        #expect(writing.write([1]).end == .failed(TLSFailure(.closed, systemError: EPIPE)))
    }

    @Test func `sessions survive the context they were made with`() throws {
        let loop = TestLoop()
        let old = try open(TLS1_3_VERSION, loop)
        let tickets = TicketKeys()
        for _ in 0..<3 {
            loop.context = TestLoop.makeContext(TestCertificates.both, TLSSettings(), tickets, loop.context)
            let new = try open(TLS1_3_VERSION, loop)
            #expect(new.write([2]).written == 1)
        }
        old.client.send([1])
        old.clientSpeaks()
        #expect(old.read().bytes == [1])
        #expect(old.write([3]).written == 1)
    }

    @Test func `many sessions of one loop share the BIO without mixing`() throws {
        let loop = TestLoop()
        let conversations = (0..<20).map { _ in loop.connect() }
        // Interleaved handshakes: all begin before any ends.
        for conversation in conversations {
            conversation.client.handshake()
            conversation.clientSpeaks()
            #expect(conversation.serverStep() == .needsRead)
        }
        for conversation in conversations.reversed() {
            conversation.clientListens()
            #expect(conversation.shakeHands().summary != nil)
        }
        for (index, conversation) in conversations.enumerated() {
            conversation.client.send([UInt8(index)])
            conversation.clientSpeaks()
        }
        for (index, conversation) in conversations.enumerated() {
            #expect(conversation.read().bytes == [UInt8(index)])
        }
        conversations[3].session = nil
        #expect(conversations[4].write([1]).written == 1)
    }

    @Test func `wire bytes are counted`() throws {
        let conversation = try open()
        let (received, sent) = (
            conversation.loop.transport.bytesReceived, conversation.loop.transport.bytesSent
        )
        conversation.client.send([1, 2, 3])
        conversation.clientSpeaks()
        let onTheWire = conversation.wire.toServer.count
        _ = conversation.read()
        #expect(conversation.loop.transport.bytesReceived - received == UInt64(onTheWire))
        _ = conversation.write([1])
        #expect(conversation.loop.transport.bytesSent - sent == UInt64(conversation.wire.toClient.count))
    }
}
