import BelfryBroker
import BelfryHub
import BelfryProtocol

/// A home hub with a readable protocol of what it sent.
struct House {
    static let channel = "chat:lobby"
    private final class Encodings {
        var variants: [FrameVariant] = []
        var compressed: [String] = []
    }

    var hub: HomeHub
    var sent: [String] = []
    var deliveries: [RoutedDelivery] = []
    var now = WallTime(milliseconds: 1_000_000)
    private let encodings = Encodings()
    /// Forms of publications made so far.
    var encoded: [FrameVariant] { encodings.variants }
    /// Frames that were given to be compressed so far.
    var compressed: [String] { encodings.compressed }

    init(loops: Int, broker: any Broker = MemoryBroker(seed: 1)) {
        let encodings = self.encodings
        let encoder = PushEncoder(
            frame: { push, variant in
                switch push {
                case .publication(_, let publication):
                    // A patch that begins with an exclamation mark cuts through a character.
                    if variant == .jsonPatch, publication.data.first == UInt8(ascii: "!") { return nil }
                    encodings.variants.append(variant)
                    return Array("\(publication.isDelta ? "patch" : "publication") ".utf8) + publication.data
                case .join(_, let info): return Array("join \(info.client)".utf8)
                case .leave(_, let info): return Array("leave \(info.client)".utf8)
                }
            },
            // Long enough data gets a patch that names its base.
            patch: { base, target in
                target.count > 4 ? base.prefix(2) + [UInt8(ascii: ">")] + target.prefix(2) : nil
            },
            // A frame with a minus does not get shorter.
            compress: { frame in
                encodings.compressed.append(String(decoding: frame, as: UTF8.self))
                return frame.contains(UInt8(ascii: "-")) ? nil : Array("z ".utf8) + frame
            })
        hub = HomeHub(loops: loops, broker: broker, presence: MemoryPresence(), encoder: encoder)
    }

    func ticket(_ loop: Int, _ command: UInt32, connection: UInt64 = 1) -> CommandTicket {
        CommandTicket(subscriber: SubscriberID(loop: loop, connection: connection), command: command)
    }

    mutating func subscribe(
        _ client: String, loop: Int, connection: UInt64 = 1, present: Bool = false, announced: Bool = false,
        codec: Codec = .json, delta: Bool = false, compressed: Bool = false, _ positioning: Positioning? = nil
    ) {
        let membership = Membership(
            info: ClientInfo(user: client, client: client), isPresent: present, isAnnounced: announced,
            codec: codec, wantsDelta: delta, takesCompressed: compressed)
        ask(
            .subscribe(
                channel: Self.channel, membership, positioning, ticket(loop, 1, connection: connection)))
    }

    mutating func unsubscribe(
        _ client: String, loop: Int, connection: UInt64 = 1, present: Bool = false, announced: Bool = false,
        codec: Codec = .json, delta: Bool = false, compressed: Bool = false
    ) {
        let membership = Membership(
            info: ClientInfo(user: client, client: client), isPresent: present, isAnnounced: announced,
            codec: codec, wantsDelta: delta, takesCompressed: compressed)
        let subscriber = SubscriberID(loop: loop, connection: connection)
        ask(.unsubscribe(channel: Self.channel, membership, subscriber))
    }

    mutating func publish(_ text: String, loop: Int, command: UInt32, _ options: PublishOptions = .init()) {
        ask(
            .publish(
                channel: Self.channel, Publication(data: Array(text.utf8)), options,
                .command(ticket(loop, command))))
    }

    mutating func ask(_ request: HubRequest) {
        let (known, now) = (deliveries.count, now)
        hub.handle(request, now: now, into: &deliveries)
        describe(from: known)
    }

    mutating func receive(_ events: [BrokerEvent]) {
        let (known, now) = (deliveries.count, now)
        hub.receive(events, now: now, into: &deliveries)
        describe(from: known)
    }

    /// A second passes, and the home looks after its channels.
    mutating func poll(after duration: Duration = .seconds(1)) {
        now = now + duration
        let (known, now) = (deliveries.count, now)
        hub.poll(now: now, into: &deliveries)
        describe(from: known)
    }

    private mutating func describe(from known: Int) {
        sent += deliveries[known...].map { "\($0.loop) \(Self.describe($0.delivery))" }
    }

    private static func describe(_ delivery: HubDelivery) -> String {
        switch delivery {
        case .publication(_, let publication): text(publication.frames)
        case .joinOrLeave(_, let frames): text(frames)
        case .insufficientState(_, let cause): "insufficient \(cause)"
        case .displaced: "displaced"
        case .answer(let ticket, let answer): "\(describe(answer)) \(ticket.command)"
        case .reply(let ticket, let answer): "\(describe(answer)) call \(ticket.number)"
        }
    }

    private static func text(_ frames: PushFrames) -> String {
        let texts = FrameVariant.allCases.compactMap { frames[$0] }.map {
            String(decoding: $0, as: UTF8.self)
        }
        return texts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }.joined(separator: " | ")
    }

    private static func describe(_ answer: HubAnswer) -> String {
        switch answer {
        case .subscribed(_, let answer): describe(answer)
        case .published(.published): "published"
        case .published(.duplicate): "duplicate"
        case .published(.outdated): "outdated"
        case .history(let page): "history \(page.publications.map(\.offset)) of \(page.top.offset)"
        case .historyRemoved: "removed"
        case .presence(let clients): "presence \(clients.count)"
        case .presenceStatistics(let statistics): "stats \(statistics.clients) \(statistics.users)"
        case .subscribeFailed, .failed: "failed"
        case .positionLost(_, let outcome): "lost \(outcome)"
        case .insufficientState: "insufficient"
        }
    }

    private static func describe(_ answer: SubscribeAnswer) -> String {
        guard let position = answer.position else { return "subscribed" }
        guard let outcome = answer.outcome else { return "subscribed at \(position.offset)" }
        return "subscribed at \(position.offset) \(outcome) \(answer.publications.map(\.offset))"
    }
}
