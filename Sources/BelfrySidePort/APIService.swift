package import BelfryAPI

/// Who carries out calls of the server API.
///
/// Called from any thread, several times at once.
package protocol APIService: Sendable {
    /// The keys in force now; without one the API is off.
    var keys: APIKeys { get }
    /// Seconds since 1970, for the ends of keys.
    func unixSeconds() -> Int64
    func run(_ command: APICommand, for key: APIKey) async -> APIOutcome
    /// A call was answered, or refused.
    func note(_ call: APICall)
}

/// What is counted and audited of a call: neither its body nor its key.
package struct APICall: Equatable, Sendable {
    /// `nil` for a name that is no method.
    package var method: APIMethod?
    /// The name of the key; `nil` when none was recognised.
    package var actor: String?
    /// Of whoever asked.
    package var peerAddress: String
    package var status = 200
    package var end = APICallEnd.done
    /// What it changed or wanted to change, each kind once.
    package var writes: [APIMethod] = []

    package init(method: APIMethod?, peerAddress: String) {
        self.method = method
        self.peerAddress = peerAddress
    }
}

/// How a call ended.
package enum APICallEnd: Equatable, Sendable {
    case done
    /// Answered with an error of the protocol.
    case failed
    /// Not let in, because of its key.
    case denied(APIDenial)
    /// Not a call: no such method, too long, unreadable.
    case refused
}

package enum APIDenial: Equatable, Sendable, CaseIterable {
    case missing, unknown, expired, scope
}
