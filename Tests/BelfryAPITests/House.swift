import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryProtocol
import BelfrySession
import Synchronization

@testable import BelfryAPI

/// One home for all channels, a real one, and users that only note what is done to them.
final class House: APIBackend {
    private struct State {
        var home: HomeHub
        var calls: [UserCall] = []
        var isSilent = false
        var refusal: ErrorCode?
        var denials: [DenialEntry] = []
        var questions = 0
    }

    private let state: Mutex<State>

    init() {
        let encoder = PushEncoder(frame: { _, _ in [] }, patch: { _, _ in nil })
        state = Mutex(
            State(
                home: HomeHub(
                    loops: 1, broker: MemoryBroker(seed: 1), presence: MemoryPresence(), encoder: encoder)))
    }

    var calls: [UserCall] { state.withLock { $0.calls } }
    var questions: Int { state.withLock { $0.questions } }
    /// Nobody answers any more.
    func fallSilent() { state.withLock { $0.isSilent = true } }
    func refuse(_ error: ErrorCode) { state.withLock { $0.refusal = error } }

    func now() -> Instant { Instant(nanoseconds: 5) }

    func ask(_ calls: [HomeCall]) async -> [HubAnswer?] {
        state.withLock { state in
            calls.map { call in
                state.questions += 1
                if state.isSilent { return nil }
                var deliveries: [RoutedDelivery] = []
                let ticket = CallTicket(loop: 0, number: 1)
                state.home.handle(
                    call.request(from: .call(ticket)), now: WallTime(milliseconds: 1_000), into: &deliveries)
                for routed in deliveries {
                    if case .reply(ticket, let answer) = routed.delivery { return answer }
                }
                return nil
            }
        }
    }

    func carryOut(_ call: UserCall) async -> ErrorCode?? {
        state.withLock { state in
            if state.isSilent { return nil }
            state.calls.append(call)
            return .some(state.refusal)
        }
    }

    func connections(_ choice: ConnectionChoice) async -> [UserConnection]? {
        state.withLock { $0.isSilent }
            ? nil
            : [
                UserConnection(
                    client: "c1", user: choice.user, appName: "js", codec: .json, channels: ["chat:a"])
            ]
    }

    func channels() async -> [ChannelCount]? {
        state.withLock { $0.isSilent }
            ? nil : [ChannelCount(channel: "chat:a", clients: 2), ChannelCount(channel: "news", clients: 1)]
    }

    func info() async -> APINode { APINode(uid: "u", name: "n", version: "v") }

    func deny(_ denial: DenialEntry, by actor: String) async throws(ErrorCode) -> DenialEffect {
        let refusal = state.withLock { state -> ErrorCode? in
            if state.isSilent { return .internalServerError }
            if state.refusal == nil { state.denials.append(denial) }
            return state.refusal
        }
        if let refusal { throw refusal }
        return DenialEffect(closed: 2, isDurable: true)
    }

    func allow(_ target: DenialEntry.Target, by actor: String) async throws(ErrorCode) -> Bool {
        let wasDenied: Bool? = state.withLock { state in
            let count = state.denials.count
            state.denials.removeAll { $0.target == target }
            return state.isSilent ? nil : state.denials.count < count
        }
        guard let wasDenied else { throw .internalServerError }
        return wasDenied
    }

    func denials() -> [DenialEntry] { state.withLock { $0.denials } }
}

extension House {
    static let rules: APIRules = {
        var stored = ChannelOptions()
        stored.historySize = 3
        stored.historyTTL = .seconds(60)
        stored.presence = true
        var object = ChannelOptions()
        object.publicationDataFormat = .jsonObject
        var binary = ChannelOptions()
        binary.publicationDataFormat = .binary
        return APIRules(
            channels: ChannelDirectory(
                unnamed: ChannelOptions(),
                namespaces: ["chat": stored, "object": object, "binary": binary]),
            dataBytesMax: 1_000)
    }()

    /// What a caller with every scope, or those given, hears.
    func answers(_ method: APIMethod, _ body: String, scopes: [APIScope] = [.all]) async throws -> String {
        let command = try APIReader.command(method, Array(body.utf8))
        let runner = APIRunner(rules: Self.rules, backend: self)
        let key = APIKey(name: "test", key: [1], scopes: scopes)
        return String(decoding: APIWriter.answer(await runner.run(command, for: key)), as: UTF8.self)
    }
}
