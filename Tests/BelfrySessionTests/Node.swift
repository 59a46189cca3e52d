import BelfryAuth
import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryLimits
import BelfryProtocol
import BelfrySession

/// A whole node but for sockets: sessions, one home for all channels, and mail between them.
///
/// Mail is delivered at once unless a test holds it back, and so gets between a question and its answer.
final class Node {
    /// Seconds since 1970.
    static let start: Int64 = 1_800_000_000

    let issuer: Issuer
    let policy: SessionPolicy
    let users = ConnectionCounts()
    var seconds: Int64 = 0
    /// Requests to the home wait for ``deliver()``.
    var holdsMail = false
    /// Tokens wait for ``judge()``.
    var holdsTokens = false

    private var home: HomeHub
    private var mail: [HubRequest] = []
    private var tokens: [(Conversation, SessionAction)] = []
    private(set) var clients: [Conversation] = []
    private var members = LocalHub()

    init(_ rules: Rules = Rules(), broker: any Broker = MemoryBroker(seed: 1)) async throws {
        issuer = try await Issuer(leeway: rules.leeway)
        policy = rules.policy(users: users)
        home = HomeHub(loops: 1, broker: broker, presence: MemoryPresence(), encoder: Self.encoder)
    }

    convenience init(_ change: (inout Rules) -> Void) async throws { try await self.init(Rules(change)) }

    var clock: SessionClock {
        SessionClock(
            monotonic: Instant(nanoseconds: 1_000_000_000_000) + .seconds(seconds),
            unixSeconds: Self.start + seconds)
    }

    var wallTime: WallTime { WallTime(milliseconds: clock.unixSeconds * 1_000) }

    /// Time passes, and the home looks after its channels once a second.
    func passes(_ count: Int64) {
        for _ in 0..<count {
            seconds += 1
            var deliveries: [RoutedDelivery] = []
            home.poll(now: wallTime, into: &deliveries)
            for routed in deliveries { deliver(routed.delivery) }
        }
    }

    /// What the bus says unasked.
    func hears(_ events: [BrokerEvent]) {
        var deliveries: [RoutedDelivery] = []
        home.receive(events, now: wallTime, into: &deliveries)
        for routed in deliveries { deliver(routed.delivery) }
    }

    /// Members of all channels together, as a publication would find them.
    var membershipCount: Int { members.membershipCount }
    /// Channels the home knows.
    var channelCount: Int { home.channelCount }

    /// A connection that has said nothing yet.
    func client(_ id: String, upgradeToken: String? = nil, usesNativePing: Bool = false) -> Conversation {
        let token = upgradeToken.flatMap { try? verify(connection: Array($0.utf8)).get() }
        let session = ClientSession(
            client: id, subscriber: SubscriberID(loop: 0, connection: UInt64(clients.count)),
            upgradeToken: token, codec: .json, usesNativePing: usesNativePing, policy: policy)
        let client = Conversation(session, on: self)
        clients.append(client)
        return client
    }

    /// A client that has connected with a token of `user`; `nil` connects without one.
    func connected(_ id: String, user: String?, _ claims: String = "") -> Conversation {
        let client = client(id)
        let token = user.map { #""token":"\#(Issuer.token(user: $0, claims))""# } ?? ""
        client.says(#"{"id":1,"connect":{\#(token)}}"#)
        client.forget()
        return client
    }

    func verify(connection token: [UInt8]) -> Result<ConnectionToken, TokenRefusal> {
        issuer.verifier.verifyConnection(token, now: clock.unixSeconds)
    }

    func ask(_ request: HubRequest) {
        mail.append(request)
        if !holdsMail { deliver() }
    }

    /// Brings every request to the home and every answer back.
    ///
    /// - `limit`: Requests to bring at most.
    func deliver(_ limit: Int = .max) {
        var left = limit
        while !mail.isEmpty, left > 0 {
            left -= 1
            var deliveries: [RoutedDelivery] = []
            home.handle(mail.removeFirst(), now: wallTime, into: &deliveries)
            for routed in deliveries { deliver(routed.delivery) }
        }
    }

    private func deliver(_ delivery: HubDelivery) {
        switch delivery {
        case .answer(let ticket, let answer):
            clients[Int(ticket.subscriber.connection)].answered(answer, command: ticket.command)
        case .publication(let channel, let publication):
            for member in members.members(of: channel) {
                guard let form = publication.variant(for: member) else { continue }
                let client = clients[Int(member.connection)]
                if member.contains(.filter), !client.session.wants(publication.tags, in: channel) { continue }
                client.hear(publication.frames[form] ?? [], of: channel)
            }
        case .joinOrLeave(let channel, let frames):
            for member in members.members(of: channel) where member.receivesJoins {
                clients[Int(member.connection)].hear(frames.json ?? [], of: channel)
            }
        case .insufficientState(let channel, _):
            for member in members.members(of: channel) where member.contains(.positioned) {
                clients[Int(member.connection)].losesPosition(in: channel)
            }
        case .displaced(let channel):
            for member in members.members(of: channel) {
                clients[Int(member.connection)].isDisplaced(from: channel)
            }
        case .reply: break
        }
    }

    func join(_ client: Conversation, _ channel: String, _ options: MemberOptions, after: UInt64) {
        members.join(
            Member(connection: number(client), options, startsAfter: after), channel: channel)
    }

    func leave(_ client: Conversation, _ channel: String) {
        members.leave(connection: number(client), channel: channel)
    }

    private func number(_ client: Conversation) -> UInt64 {
        UInt64(clients.firstIndex { $0 === client } ?? 0)
    }

    func present(_ token: SessionAction, of client: Conversation) {
        tokens.append((client, token))
        if !holdsTokens { judge() }
    }

    /// Verifies the tokens that wait, as the clock stands now, and gives the verdicts.
    func judge() {
        while !tokens.isEmpty {
            let (client, token) = tokens.removeFirst()
            client.judged(token)
        }
    }

    private static var encoder: PushEncoder {
        PushEncoder(frame: { push, _ in encode(push) }, patch: { _, _ in nil })
    }

    private static func encode(_ push: HubPush) -> [UInt8] {
        var bytes: [UInt8] = []
        switch push {
        case .publication(let channel, let publication):
            JSONPushes.publication(channel: channel, publication, into: &bytes)
        case .join(let channel, let info): JSONPushes.join(channel: channel, info, into: &bytes)
        case .leave(let channel, let info): JSONPushes.leave(channel: channel, info, into: &bytes)
        }
        return bytes
    }
}
