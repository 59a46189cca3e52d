// The gate before OpenSSL.
//
// An SSL object costs 8.6 KB the moment it is made and 45 KB once it has seen part of a hello (measured), so half-open
// handshakes are the cheapest way to fill a server's memory. The gate keeps what the client sent, and nothing else, until
// a whole hello is there; only then an SSL object is made, and the bytes are replayed to it.
//
//   bytes ──▶ absorb ──▶ needsRead ──▶ … ──▶ complete ──▶ takeBytes ──▶ TLSSession
//                └──▶ refused: clear text, garbage, oversize
//
// Always: (1) each byte is looked at once, however finely it is cut. (2) No more than `byteLimit` bytes are kept.
// (3) `complete` comes at the end of a record: OpenSSL then has nothing to wait for.
// The gate judges the envelope only. What is wrong inside the hello is OpenSSL's to answer, with the right alert.

/// Collects the first flight of a client until it holds a whole ClientHello.
package struct ClientHelloGate: Sendable {
    /// Most bytes kept.
    ///
    /// The largest hello of a browser (post-quantum share, ECH) is under 2 KiB.
    package static let byteLimit = 16_384
    /// OpenSSL's own limit for empty records in a row.
    private static let emptyRecordsMax = 32

    private var bytes: [UInt8] = []
    private var scanned: Int32 = 0
    private var payloadLeft: Int32 = 0
    private var messageBytes: Int32 = 0
    private var emptyRecords: Int32 = 0
    /// The four bytes of handshake header as they come in: type, then length.
    private var messageHeader: UInt32 = 0

    package init() {}

    /// Bytes held now.
    package var byteCount: Int { bytes.count }

    /// How many bytes may still be absorbed.
    package var room: Int { Self.byteLimit - bytes.count }

    /// Takes what arrived and says what it is.
    ///
    /// - Parameter arrived: New bytes, at most ``room`` of them; what is over is dropped and the hello refused.
    /// - Returns: `.needsRead` until the verdict, which is final.
    package mutating func absorb(_ arrived: borrowing Span<UInt8>) -> HelloStep {
        let taken = min(arrived.count, room)
        // Most clients send their hello at once: reserving exactly keeps the footprint at what was sent.
        if bytes.isEmpty { bytes.reserveCapacity(taken) }
        unsafe arrived.withUnsafeBufferPointer { unsafe bytes += $0[..<taken] }
        let step = scan()
        if case .needsRead = step, room == 0 { return .refused(.oversize(byteCount: Self.byteLimit)) }
        return step
    }

    /// Gives the bytes away, for replay.
    package mutating func takeBytes() -> [UInt8] {
        defer { self = ClientHelloGate() }
        return bytes
    }

    private mutating func scan() -> HelloStep {
        while true {
            do throws(HelloRefusal) {
                let moved = payloadLeft == 0 ? try enterRecord() : try enterPayload()
                if isComplete { return .complete(parseHello()) }
                if !moved { return .needsRead }
            } catch {
                return .refused(error)
            }
        }
    }

    private var messageLength: Int { Int(messageHeader & 0xFF_FFFF) }

    private var isComplete: Bool {
        messageBytes >= 4 && payloadLeft == 0 && Int(messageBytes) >= messageLength &+ 4
    }

    /// Reads a record header (RFC 8446, 5.1); `false` when it is not all there.
    private mutating func enterRecord() throws(HelloRefusal) -> Bool {
        let start = Int(scanned)
        guard start < bytes.count else { return false }
        if bytes[start] != 22 { return try refuseForeign(at: start) }
        if bytes.count > start &+ 1, bytes[start &+ 1] != 3 { throw .notTLS }
        guard bytes.count >= start &+ 5 else { return false }
        let length = Int(bytes[start &+ 3]) << 8 | Int(bytes[start &+ 4])
        guard length <= 16_384 else { throw .recordOverflow(byteCount: length) }
        guard start &+ 5 &+ length <= Self.byteLimit else { throw .oversize(byteCount: start &+ 5 &+ length) }
        if length == 0 {
            emptyRecords &+= 1
            guard emptyRecords <= Self.emptyRecordsMax else { throw .emptyRecords }
        }
        scanned = Int32(truncatingIfNeeded: start &+ 5)
        payloadLeft = Int32(truncatingIfNeeded: length)
        return true
    }

    /// Counts payload bytes and catches the message header among them; `false` when there are none.
    private mutating func enterPayload() throws(HelloRefusal) -> Bool {
        let start = Int(scanned)
        let taken = min(Int(payloadLeft), bytes.count &- start)
        guard taken > 0 else { return false }
        let missing = max(0, 4 &- Int(messageBytes))
        for index in start..<(start &+ min(missing, taken)) {
            messageHeader = messageHeader << 8 | UInt32(bytes[index])
        }
        messageBytes &+= Int32(truncatingIfNeeded: taken)
        scanned &+= Int32(truncatingIfNeeded: taken)
        payloadLeft &-= Int32(truncatingIfNeeded: taken)
        try checkMessageHeader()
        return true
    }

    private func checkMessageHeader() throws(HelloRefusal) {
        guard messageBytes >= 4 else { return }
        guard messageHeader >> 24 == 1 else { throw .unexpectedMessage(type: UInt8(messageHeader >> 24)) }
        // Refused on the announcement: nobody gets to send 16 KiB for nothing.
        guard messageLength <= Self.byteLimit &- 9 else { throw .oversize(byteCount: messageLength) }
    }

    /// What does not begin as a handshake record does; `false` while it can still turn out to be one of the known kinds.
    private func refuseForeign(at start: Int) throws(HelloRefusal) -> Bool {
        let first = bytes[start]
        if (20...24).contains(first) { throw .unexpectedRecord(type: first) }
        guard start == 0 else { throw .notTLS }
        if first & 0x80 != 0 { return try refuseSSLv2() }
        guard (0x41...0x5A).contains(first) else { throw .notTLS }
        guard bytes.count >= 4 else { return false }
        throw Self.methods.contains(Array(bytes[0..<4])) ? .plaintextHTTP : .notTLS
    }

    /// Two bytes of length with the top bit set, then message type 1 (SSL 2.0, CLIENT-HELLO).
    private func refuseSSLv2() throws(HelloRefusal) -> Bool {
        guard bytes.count >= 3 else { return false }
        throw bytes[2] == 1 ? .sslv2 : .notTLS
    }

    /// The first four bytes of every request method in use, and of the HTTP/2 preface.
    private static let methods: Set<[UInt8]> = Set(
        ["GET ", "POST", "HEAD", "PUT ", "DELE", "OPTI", "CONN", "PATC", "TRAC", "PRI "].map {
            Array($0.utf8)
        })

    private func parseHello() -> ClientHello {
        let firstRecord = Int(bytes[3]) << 8 | Int(bytes[4])
        if firstRecord >= messageLength &+ 4 {
            return ClientHello(parsing: bytes.span, in: 9..<(9 &+ messageLength))
        }
        let message = joined()
        return ClientHello(parsing: message.span, in: 4..<(4 &+ messageLength))
    }

    /// The handshake message without its record headers.
    private func joined() -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(messageLength &+ 4)
        var start = 0
        while start &+ 5 <= Int(scanned) {
            let length = Int(bytes[start &+ 3]) << 8 | Int(bytes[start &+ 4])
            message += bytes[(start &+ 5)..<(start &+ 5 &+ length)]
            start &+= 5 &+ length
        }
        return message
    }
}

/// What the gate makes of the bytes so far.
package enum HelloStep: Equatable, Sendable {
    /// Not a whole hello yet.
    case needsRead
    /// A whole hello: take the bytes and make a session.
    case complete(ClientHello)
    /// No hello will come of this: send ``HelloRefusal/answer`` if you like, and close.
    case refused(HelloRefusal)
    /// The peer closed, or the socket failed, before the hello was whole.
    case closed(TLSFailure)
}
