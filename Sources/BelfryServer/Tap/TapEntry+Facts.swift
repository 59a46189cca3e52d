import BelfryBytes
import BelfryObserve
import BelfryProtocol
import BelfrySession
import BelfrySidePort
import BelfryTLS

// The facts of an entry, from the loops' own words.

extension Connection {
    /// It is that user's, and has not been told to close.
    func isOpen(of user: String) -> Bool { phase == .open && session?.belongs(to: user) == true }

    func describe(in entry: inout TapEntry) {
        entry.add("address", peerText)
        entry.add("codec", codec.rawValue)
        entry.add("sdk", session?.clientName)
        entry.add("tls", record.tlsVersion?.rawValue)
        entry.add("channels", channelCount)
    }

    func describeEnd(in entry: inout TapEntry, at now: Instant) {
        guard let ending = record.ending else { return }
        entry.add("by", ending.by == .client ? "client" : "server")
        entry.add("reason", ending.reason.label)
        entry.add("code", ending.code)
        entry.add("duration_ms", max(0, (now - openedAt).clampedNanoseconds / 1_000_000))
    }
}

extension TapSet.Question {
    func describe(in entry: inout TapEntry) {
        entry.add("command", name)
        entry.add("channel", channel)
    }
}

extension Command {
    /// Never the token; that there is one.
    func describe(in entry: inout TapEntry, withBody: Bool) {
        entry.add("id", id)
        let payload = request.payload
        entry.add("bytes", payload?.count ?? 0)
        if request.hasToken { entry.add("token", true) }
        if withBody, let payload { entry.add(body: payload) }
    }
}

extension Request {
    /// Empty when it names none.
    var channel: String {
        switch self {
        case .subscribe(let request): request.channel
        case .unsubscribe(let request), .presence(let request), .presenceStats(let request): request.channel
        case .publish(let request): request.channel
        case .history(let request): request.channel
        case .subRefresh(let request): request.channel
        case .connect, .rpc, .send, .refresh, .ping, .empty: ""
        }
    }

    fileprivate var payload: [UInt8]? {
        switch self {
        case .connect(let request): request.data
        case .subscribe(let request): request.data
        case .publish(let request): request.data
        case .rpc(let request): request.data
        case .send(let request): request.data
        case .unsubscribe, .presence, .presenceStats, .history, .refresh, .subRefresh, .ping, .empty: nil
        }
    }

    fileprivate var hasToken: Bool {
        switch self {
        case .connect(let request): request.token != nil
        case .subscribe(let request): request.token != nil
        case .refresh(let request): request.token != nil
        case .subRefresh(let request): request.token != nil
        default: false
        }
    }
}
