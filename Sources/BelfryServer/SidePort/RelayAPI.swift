import BelfryAPI
import BelfryBytes
import BelfryHub
import BelfryJournal
import BelfryLimits
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfrySidePort

// The server API of a relay. It runs on the side port's threads: what concerns a channel is posted to its home's mailbox,
// what concerns a user to every loop's, and answers come back over the desks. No loop ever waits for it.

/// The server API as the side port knows it.
struct RelayAPI: APIService {
    let relay: Relay
    let runner: APIRunner<RelayBackend>

    init(relay: Relay) {
        self.relay = relay
        let channels = relay.configuration.channels
        let rules = APIRules(
            channels: ChannelDirectory(unnamed: channels.withoutNamespace, namespaces: channels.namespaces),
            // As one reply to a client: the other half of its queue is for what comes meanwhile.
            dataBytesMax: relay.configuration.client.maxQueue / 2)
        runner = APIRunner(rules: rules, backend: RelayBackend(relay: relay))
    }

    var keys: APIKeys { relay.apiKeys }

    func unixSeconds() -> Int64 { WallClock.unixSeconds() }

    func run(_ command: APICommand, for key: APIKey) async -> APIOutcome {
        await runner.run(command, for: key)
    }

    func note(_ call: APICall) {
        relay.registry.shared.count(.apiCalls(APICallMethod(call.method), call.end.result))
        if case .denied(let denial) = call.end { relay.registry.shared.count(.apiDenials(denial.label)) }
        for method in call.writes {
            let place = call.method == .batch ? "/api/batch/" : "/api/"
            relay.journal.record(
                .adminRequest(
                    peerAddress: call.peerAddress, method: "POST", path: place + method.rawValue,
                    status: call.status, actor: call.actor))
        }
    }
}

/// Carries calls out on the loops of a relay.
struct RelayBackend: APIBackend {
    let relay: Relay

    private var deadline: Instant { MonotonicClock.now() + relay.configuration.api.timeout }

    func now() -> Instant { MonotonicClock.now() }

    func ask(_ calls: [HomeCall]) async -> [HubAnswer?] {
        guard !calls.isEmpty else { return [] }
        let desk = relay.desks.homes
        return await withCheckedContinuation { continuation in
            let first = desk.open(calls.count, until: deadline) { continuation.resume(returning: $0) }
            guard let first else {
                return continuation.resume(returning: Array(repeating: nil, count: calls.count))
            }
            for (number, call) in zip(first..., calls) { post(call, number) }
        }
    }

    private func post(_ call: HomeCall, _ number: UInt64) {
        let home = ChannelHome.loop(of: call.channel, among: relay.mailboxes.count)
        let request = call.request(from: .call(CallTicket(loop: home, number: number)))
        guard relay.mailboxes[home].post(.request(request)) == .posted else {
            return relay.desks.homes.answer(number, nil)
        }
    }

    func carryOut(_ call: UserCall) async -> ErrorCode?? {
        guard let answers = await askAll(.deed(call)) else { return nil }
        return .some(answers.compactMap(\.error).first)
    }

    func connections(_ choice: ConnectionChoice) async -> [UserConnection]? {
        await askAll(.connections(choice))?.flatMap(\.connections)
    }

    func channels() async -> [ChannelCount]? { await askAll(.channels)?.flatMap(\.channels) }

    /// `nil` unless every loop has answered.
    private func askAll(_ work: LoopErrand.Work) async -> [ErrandAnswer]? {
        let desk = relay.desks.errands
        let answers: [ErrandAnswer?] = await withCheckedContinuation { continuation in
            let first = desk.open(relay.mailboxes.count, until: deadline) {
                continuation.resume(returning: $0)
            }
            guard let first else { return continuation.resume(returning: [nil]) }
            for (number, mailbox) in zip(first..., relay.mailboxes) {
                let errand = LoopErrand(number: number, work: work)
                if mailbox.post(.errand(errand)) != .posted { desk.answer(number, nil) }
            }
        }
        let found = answers.compactMap { $0 }
        return found.count == answers.count ? found : nil
    }

    func info() async -> APINode {
        let snapshot = relay.registry.snapshot()
        var node = APINode(
            uid: relay.uid, name: relay.nodeName, version: "belfry \(BelfryVersion.number)")
        node.clients = Int(clamping: snapshot[.connectionsOpen(.active)])
        node.users = relay.users.keyCount
        node.subscriptions = Int(clamping: snapshot[.roomMemberships])
        node.channels = Int(clamping: snapshot[.rooms])
        node.uptimeSeconds = Int(clamping: (ContinuousClock.now - relay.startedAt).components.seconds)
        return node
    }
}

// The closed sets of labels.

extension APICallMethod {
    init(_ method: APIMethod?) {
        self =
            switch method {
            case .publish: .publish
            case .broadcast: .broadcast
            case .subscribe: .subscribe
            case .unsubscribe: .unsubscribe
            case .disconnect: .disconnect
            case .refresh: .refresh
            case .presence: .presence
            case .presenceStats: .presenceStats
            case .history: .history
            case .historyRemove: .historyRemove
            case .channels: .channels
            case .connections: .connections
            case .info: .info
            case .block: .block
            case .unblock: .unblock
            case .revoke: .revoke
            case .denials: .denials
            case .rpc: .rpc
            case .batch: .batch
            case nil: .other
            }
    }
}

extension APICallEnd {
    fileprivate var result: APICallResult {
        switch self {
        case .done: .ok
        case .failed, .denied, .refused: .failed
        }
    }
}

extension APIDenial {
    var label: APICallDenial {
        switch self {
        case .missing: .missing
        case .unknown: .unknown
        case .expired: .expired
        case .scope: .scope
        }
    }
}
