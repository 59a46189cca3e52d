import BelfryBytes
import BelfryHTTP
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfryTLS
import BelfryWebSocket

// One client connection, from accept to close.
//
//   hello ──whole──▶ handshake ──done──▶ head ──┬─────────────── 101 ──▶ open ──▶ closing ──▶ lingering ──▶ gone
//                                               └─▶ authorizing ──good──▲  │
//        any failure, at any stage ───────────────────────────────────────┴──────────────────────────────▶ gone
//
// Always: (1) OpenSSL spends memory only once a whole hello is there. (2) A session exists only while `open` or later.
// (3) In `closing` our close frame is in the queue and nothing is queued behind it. (4) The deadline timer is armed at
// every stage but `open` with an authenticated client, whose silence the pings find.

/// Where a connection stands.
enum ConnectionPhase: String, Sendable {
    /// Collecting the ClientHello; no TLS object yet.
    case hello
    case handshake
    /// Reading the request head.
    case head
    /// The request carried a token, which is being verified before any 101.
    case authorizing
    /// Speaking WebSocket.
    case open
    /// Our last bytes are queued; then the peer has its turn to close.
    case closing
    /// Our side is shut; what the peer still sends is discarded for a moment.
    case lingering
}

/// What one loop knows of one connection.
struct Connection: ~Copyable {
    let descriptor: Descriptor
    let peer: PeerAddress
    /// The address of `peer` as text: each of the connection's events states it.
    let peerText: String
    let listener: Int
    let openedAt: Instant
    /// Names the connection in the journal, on the side port and in the protocol (UUID v4).
    let id: String

    var phase = ConnectionPhase.hello
    var gate = ClientHelloGate()
    var tls: TLSSession?
    var head = RequestHeadParser()
    var decoder: FrameDecoder
    var session: ClientSession?
    /// Input that waits until a token has been verified.
    var parked: ParkedInput?
    /// The request whose token is being verified.
    var upgrade: AcceptedUpgrade?
    var outbound = OutboundQueue()
    /// Longest frame that may be sent compressed; 0 when that was not agreed on.
    var compressedBytesMax = 0
    /// The socket is full; its readiness resumes the flush.
    ///
    /// OpenSSL then holds a record of the queue's front.
    var isWriteBlocked = false
    /// Asked for WebSocket ping frames in place of the protocol's pings, and has not answered so many.
    var nativePings: Int?
    /// Where in the queue the connect reply will stand; until then nothing is written (protocol.md 13).
    var replyPlace: UInt32?
    /// Stands in the list of connections to flush at the end of this tick.
    var isTouched = false
    /// Both sides have said close, or the answer was plain HTTP: shut down as soon as the queue is empty.
    var closesWhenFlushed = false

    var deadline = TimerID.none
    var pingTimer = TimerID.none
    var pongTimer = TimerID.none
    var expiryTimer = TimerID.none
    var writeTimer = TimerID.none

    var record: ConnectionLedger
    var linger = LingeringClose()

    init(
        descriptor: Descriptor, peer: PeerAddress, listener: Int, id: String, limits: FrameLimits,
        at now: Instant
    ) {
        self.descriptor = descriptor
        self.peer = peer
        peerText = peer.ip.description
        self.listener = listener
        self.id = id
        openedAt = now
        decoder = FrameDecoder(limits: limits)
        record = ConnectionLedger(at: now)
    }
}

// Questions to the session, asked where it lies: asked through the table each would copy it first.
extension Connection {
    /// A token is being verified.
    var isWaiting: Bool { session?.isWaiting == true }
    var channelCount: Int { session?.channelCount ?? 0 }
    /// JSON until there is a session.
    var codec: Codec { session?.codec ?? .json }
    var nextExpiry: Int64? { session?.nextExpiry }
}

/// What a connection did, for its close event and the side port.
struct ConnectionLedger {
    var lastActivity: Instant
    var messagesIn: UInt64 = 0
    var messagesOut: UInt64 = 0
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0
    var queueMaximum = 0
    var roomsMaximum = 0
    /// Of the last ping that was answered.
    var roundTrip: Duration?
    var pingSentAt: Instant?
    /// Of the ClientHello, until the connection's open event has stated it.
    var helloFingerprint: String?
    var glitches: UInt64 = 0
    /// The client was authenticated.
    var wasAdmitted = false
    /// Commands that the limits refused.
    var refusals: UInt64 = 0
    var tlsVersion: TLSVersion?
    var tlsCipher: TLSCipher?
    /// SHA-256 of the client's certificate; `nil` when it showed none.
    var clientThumbprint: [UInt8]?
    /// Why it ends, once that is decided.
    var ending: ConnectionEnding?
    /// For the detectors: the user, the token it was opened with (0: none), when it last asked for something, and
    /// whether it is in their list of full sockets.
    var subjectKey: UInt64 = 0
    var tokenKey: UInt64 = 0
    var activeRound: UInt32 = 0
    var isListedAsBlocked = false

    init(at now: Instant) { lastActivity = now }
}

/// Input kept while a token is being verified: bounded by what one read brings, since nothing more is read meanwhile.
struct ParkedInput {
    /// A message whose first commands have been handled.
    var message: [UInt8] = []
    var messageOffset = 0
    var commandCount = 0
    /// Plaintext behind that message.
    var plaintext: [UInt8] = []
}

/// Who ended a connection, and why.
struct ConnectionEnding: Sendable {
    let by: ClosedBy
    let reason: CloseReason
    /// The close code that passed, if one did.
    let code: UInt16?

    /// Ended by a close code, which says why.
    init(by: ClosedBy, code: UInt16) {
        self.init(by: by, reason: CloseReason(closeCode: code), code: code)
    }

    init(by: ClosedBy, reason: CloseReason, code: UInt16? = nil) {
        self.by = by
        self.reason = reason
        self.code = code
    }
}
