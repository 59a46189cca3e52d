import BelfryAuth
import BelfryHub
import BelfryLimits
import BelfryProtocol
import BelfrySession

/// One client and its session, with a protocol of all that passes.
final class Conversation {
    private(set) var session: ClientSession
    /// Held for as long as a test talks: node and client know each other, and end with the test run.
    private let node: Node
    /// What reached the client: replies, pushes, and `close 3501 bad request`.
    private(set) var heard: [String] = []
    /// Everything the session asked for but facts, in order, such as `ask subscribe chat:lobby`.
    private(set) var did: [String] = []
    /// The facts, such as `refused 103`.
    private(set) var notes: [String] = []
    private(set) var denials: [DenialReason] = []
    /// All that was heard since the client was made, whatever was forgotten.
    private(set) var all: [String] = []
    /// Pushes of channels that the session was not subscribed to.
    private(set) var strangePushes: [String] = []
    private var isClosed = false
    /// Lines that wait for a verdict on a token.
    private var parked: [UInt8] = []
    /// What waits behind the connect reply.
    private var held: [[UInt8]]?

    init(_ session: ClientSession, on node: Node) {
        self.session = session
        self.node = node
    }

    /// Starts the protocol anew.
    func forget() { (heard, did, notes) = ([], [], []) }

    /// Sends one message, one command a line.
    ///
    /// - Returns: What the client hears until it is silent again.
    @discardableResult func says(_ message: String) -> [String] {
        forget()
        session.beginMessage()
        run(Array(message.utf8))
        return heard
    }

    /// The same, with everything the session asks for.
    func makes(_ message: String) -> [String] {
        says(message)
        return did
    }

    private func run(_ message: [UInt8]) {
        var reader = CommandReader()
        while !isClosed {
            if session.isWaiting {
                parked = Array(message[reader.offset...])
                return
            }
            do {
                guard let command = try reader.next(in: message.span) else { return }
                perform { $0.handle(command, at: node.clock, into: &$1) }
            } catch {
                perform { $0.close(error.disconnect, into: &$1) }
            }
        }
    }

    func answered(_ answer: HubAnswer, command: UInt32) {
        let wasWaiting = session.isWaiting
        perform { $0.answered(answer, command: command, at: node.clock, into: &$1) }
        if wasWaiting, !session.isWaiting { runParked() }
    }

    func hear(_ push: [UInt8], of channel: String) {
        hear(push)
        if !session.isSubscribed(to: channel) { strangePushes += heard.suffix(1) }
    }

    private func hear(_ message: [UInt8]) {
        if held != nil { return held?.append(message) ?? () }
        let text = String(decoding: message, as: UTF8.self)
        heard.append(text)
        all.append(text)
    }

    /// Something that happens without the client: a ping is due, a token runs out, the node drains.
    @discardableResult func happens(_ event: (inout ClientSession, inout [SessionAction]) -> Void) -> [String]
    {
        forget()
        perform(event)
        return heard
    }

    /// The connection is gone.
    func leaves() { happens { $0.leaveAll(into: &$1) } }

    @discardableResult func isPinged() -> [String] { happens { $0.ping(into: &$1) } }

    @discardableResult func hasNoTimeLeftForPong() -> [String] { happens { $0.pongDue(into: &$1) } }

    @discardableResult func isSentAway(_ code: DisconnectCode) -> [String] {
        happens { $0.close(code, into: &$1) }
    }

    /// The node is too busy to look at the connect token.
    func isOverloaded() -> [String] {
        happens { $0.verified(connection: .failure(.internal), at: node.clock, into: &$1) }
    }

    @discardableResult func expires() -> [String] { happens { $0.expire(at: node.clock, into: &$1) } }

    func judged(_ token: SessionAction) {
        let now = node.clock.unixSeconds
        let verifier = node.issuer.verifier
        switch token {
        case .verifyConnection(let token):
            let result = verifier.verifyConnection(token.bytes, now: now)
            perform { $0.verified(connection: result, at: node.clock, into: &$1) }
        case .verifySubscription(let token):
            let result = verifier.verifySubscription(token.bytes, now: now)
            perform { $0.verified(subscription: result, at: node.clock, into: &$1) }
        default: return
        }
        if !session.isWaiting { runParked() }
    }

    private func runParked() {
        let rest = parked
        parked = []
        if !rest.isEmpty { run(rest) }
    }

    private func perform(_ step: (inout ClientSession, inout [SessionAction]) -> Void) {
        var actions: [SessionAction] = []
        step(&session, &actions)
        for action in actions { perform(action) }
    }

    func losesPosition(in channel: String) { perform { $0.losePosition(in: channel, into: &$1) } }

    func isDisplaced(from channel: String) { perform { $0.displaced(from: channel, into: &$1) } }

    @discardableResult func hasNoTimeLeftToConnect() -> [String] { happens { $0.connectDue(into: &$1) } }

    private func perform(_ action: SessionAction) {
        if case .note(.denied(_, _, let reason)) = action { denials.append(reason) }
        if case .note(let fact) = action { return notes.append(fact.text) }
        did.append(action.text)
        switch action {
        case .send(let bytes): hear(bytes)
        case .verifyConnection, .verifySubscription: node.present(action, of: self)
        case .ask(let request): node.ask(request)
        case .join(let channel, let options, let after): node.join(self, channel, options, after: after)
        case .leave(let channel): node.leave(self, channel)
        case .hold: held = []
        case .release(let bytes):
            let waiting = held ?? []
            held = nil
            for message in [bytes] + waiting { hear(message) }
        case .close(let code): close(code)
        case .admitted, .awaitClose, .ponged, .note: break
        }
    }

    /// A connection leaves its channels the moment its end is decided.
    private func close(_ code: DisconnectCode) {
        heard.append("close \(code.code) \(code.reason)")
        isClosed = true
        held = nil
        perform { $0.leaveAll(into: &$1) }
    }
}

extension SessionAction {
    fileprivate var text: String {
        switch self {
        case .send(let bytes): "send \(String(decoding: bytes, as: UTF8.self))"
        case .verifyConnection: "verify connection"
        case .verifySubscription: "verify subscription"
        case .ask(let request): "ask \(request.verb) \(request.channel)"
        case .join(let channel, let options, _):
            "join \(channel)\(options.contains(.joins) ? " with joins" : "")"
        case .leave(let channel): "leave \(channel)"
        case .hold: "hold"
        case .release(let bytes): "release \(String(decoding: bytes, as: UTF8.self))"
        case .admitted: "admitted"
        case .awaitClose: "await close"
        case .close(let code): "close \(code.code)"
        case .ponged: "ponged"
        case .note(let fact): fact.text
        }
    }
}

extension HubRequest {
    fileprivate var verb: String {
        switch self {
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        case .publish: "publish"
        case .history: "history"
        case .removeHistory: "remove history"
        case .presence: "presence"
        case .presenceStatistics: "presence_stats"
        }
    }
}

extension SessionFact {
    fileprivate var text: String {
        switch self {
        case .authenticated(let method): "authenticated \(method.rawValue)"
        case .tokenRefused(let refusal): "token \(refusal.label)"
        case .denied(let action, let channel, _): "denied \(action.rawValue) \(channel)"
        case .limitDecided(let outcome, let key): "limit \(outcome.label)\(key == nil ? "" : " of somebody")"
        case .commandAccepted(let kind): "accepted \(kind.rawValue)"
        case .commandRefused(let error): "refused \(error.code)"
        case .recovery(let outcome): "recovery \(outcome.rawValue)"
        case .positionLost: "position lost"
        case .published(let byteCount): "published \(byteCount)"
        case .expired(let moment): "expired \(moment - Node.start)"
        }
    }
}
