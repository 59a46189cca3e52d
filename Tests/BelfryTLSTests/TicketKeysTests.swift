import BelfryBytes
import BelfryTLS
import COpenSSL
import Testing

@Suite struct TicketKeysTests {
    /// A full handshake and the ticket that came of it.
    private func ticket(from loop: TestLoop, _ offer: ClientOffer) throws -> ClientSession {
        let conversation = loop.connect(offer)
        try #require(conversation.shakeHands().summary != nil)
        answer(conversation)
        return try #require(conversation.client.session)
    }

    /// The server's first words, which bring the ticket.
    private func answer(_ conversation: Conversation) {
        #expect(conversation.write([0x68]).written == 1)
        conversation.clientListens()
        #expect(conversation.client.receive() == [0x68])
    }

    private func resume(_ session: ClientSession, on loop: TestLoop, _ offer: ClientOffer) throws -> (
        isResumed: Bool, renewed: ClientSession?
    ) {
        var offer = offer
        offer.session = session
        let conversation = loop.connect(offer)
        let summary = try #require(conversation.shakeHands().summary)
        answer(conversation)
        #expect(summary.isResumed == conversation.client.isResumed)
        return (summary.isResumed, conversation.client.session)
    }

    static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    private func offer(_ version: Int32) -> ClientOffer {
        ClientOffer(minVersion: version, maxVersion: version)
    }

    @Test(arguments: versions)
    func `a ticket of one loop resumes on another`(version: Int32) throws {
        let keys = TicketKeys()
        let session = try ticket(from: TestLoop(tickets: keys), offer(version))
        #expect(try resume(session, on: TestLoop(tickets: keys), offer(version)).isResumed)
    }

    @Test(arguments: versions)
    func `a ticket resumes after one rotation, comes back renewed, and dies after two`(version: Int32) throws
    {
        let keys = TicketKeys()
        let loop = TestLoop(tickets: keys)
        let session = try ticket(from: loop, offer(version))
        keys.rotate()
        let first = try resume(session, on: loop, offer(version))
        #expect(first.isResumed)
        keys.rotate()
        #expect(try !resume(session, on: loop, offer(version)).isResumed)
        #expect(try resume(#require(first.renewed), on: loop, offer(version)).isResumed)
    }

    @Test(arguments: versions)
    func `a ticket of unknown keys means a full handshake`(version: Int32) throws {
        let session = try ticket(from: TestLoop(), offer(version))
        #expect(try !resume(session, on: TestLoop(), offer(version)).isResumed)
    }

    @Test(arguments: versions)
    func `a ticket of one host never opens another (CVE-2025-23419)`(version: Int32) throws {
        let loop = TestLoop()
        var first = offer(version)
        first.serverName = "a.test"
        let session = try ticket(from: loop, first)
        for name in ["b.test", nil] {
            var second = first
            second.serverName = name
            #expect(try !resume(session, on: loop, second).isResumed)
        }
        #expect(try resume(session, on: loop, first).isResumed)
    }

    @Test func `a resumed TLS 1.3 session brings the ticket for the next time`() throws {
        let loop = TestLoop()
        var session = try ticket(from: loop, offer(TLS1_3_VERSION))
        for _ in 0..<5 {
            let next = try resume(session, on: loop, offer(TLS1_3_VERSION))
            #expect(next.isResumed)
            session = try #require(next.renewed)
        }
    }

    @Test func `the ticket travels in the first answer's packet, once`() throws {
        let conversation = TestLoop().connect(offer(TLS1_3_VERSION))
        try #require(conversation.shakeHands().summary != nil)
        _ = conversation.client.receive()
        #expect(!conversation.client.holdsTicket)
        let handshakePackets = conversation.wire.packets
        answer(conversation)
        #expect(conversation.client.holdsTicket)
        #expect(conversation.wire.packets == handshakePackets + 1)
        let bytesSent = conversation.loop.transport.bytesSent
        answer(conversation)
        // One byte, its content type, the tag and the record's head (RFC 8446, 5.2).
        #expect(conversation.loop.transport.bytesSent == bytesSent + 23)
    }

    @Test func `a ticket held back travels with the first write after it is let go`() throws {
        let conversation = TestLoop().connect(offer(TLS1_3_VERSION))
        try #require(conversation.shakeHands().summary != nil)
        conversation.session?.holdsTicketBack = true
        answer(conversation)
        #expect(!conversation.client.holdsTicket)
        conversation.session?.holdsTicketBack = false
        answer(conversation)
        #expect(conversation.client.holdsTicket)
    }

    @Test func `a ticket that the socket refuses goes out with the write's repetition`() throws {
        let conversation = TestLoop().connect(offer(TLS1_3_VERSION))
        try #require(conversation.shakeHands().summary != nil)
        conversation.wire.sendRoom = 0
        #expect(conversation.write([0x68]).end == .needsWrite)
        conversation.wire.sendRoom = 10
        #expect(conversation.write([0x68]).end == .needsWrite)
        conversation.wire.sendRoom = .max
        answer(conversation)
        #expect(conversation.client.holdsTicket)
    }

    @Test func `tickets live a day at most`() throws {
        let session = try ticket(from: TestLoop(), offer(TLS1_3_VERSION))
        #expect(unsafe SSL_SESSION_get_ticket_lifetime_hint(session.session) <= 86_400)
    }

    @Test func `ten rotations under load fail no handshake`() throws {
        let keys = TicketKeys()
        let loop = TestLoop(tickets: keys)
        var session: ClientSession?
        for _ in 0..<10 {
            var offer = ClientOffer()
            offer.session = session
            let conversation = loop.connect(offer)
            let summary = try #require(conversation.shakeHands().summary)
            #expect(summary.isResumed == (session != nil))
            answer(conversation)
            session = conversation.client.session
            keys.rotate()
        }
        #expect(keys.generation == 10)
    }

    @Test(arguments: [60, 43_200]) func `rotation is due once an interval`(seconds: Int64) {
        let keys = TicketKeys()
        let start = Instant(nanoseconds: 7)
        func rotate(_ second: Int64) -> UInt64? {
            keys.rotateIfDue(at: start + .seconds(second), every: .seconds(seconds))
        }
        #expect(rotate(0) == nil)
        #expect(rotate(seconds - 1) == nil)
        #expect(rotate(seconds) == 1)
        #expect(rotate(seconds + 1) == nil)
        #expect(rotate(2 * seconds) == 2)
    }
}
