import BelfryAPI
import BelfryProtocol
import HTTPTypes
import Hummingbird

/// What the process can be asked to do: the last part of the path `/-/<deed>`.
package enum AdminDeed: String, CaseIterable, Sendable {
    /// As SIGHUP: certificates, keys and configuration are read anew.
    case reload
    /// New session tickets are sealed with the next key.
    case rotateTickets = "rotate-tickets"
    /// As SIGTERM: clients are sent away in waves, then the process ends.
    case drain
}

/// Who does it.
package protocol AdminService: KeyedService {
    /// Takes the order; it is carried out soon.
    ///
    /// - Returns: Whether it is taken: not while the relay ends.
    func order(_ deed: AdminDeed) -> Bool
    /// An order was answered.
    func note(_ deed: AdminDeed, actor: String, peer: String, status: Int)
}

/// `POST /-/<deed>`: method, key, scope, in this order.
///
/// A page in a browser cannot send one: the key has a header of its own, which needs leave that is never given.
struct AdminResponder: Sendable {
    static let prefix = "/-/"

    let service: any AdminService

    func answer(to request: Request, _ path: Substring, _ context: SidePortContext) -> Answer {
        guard let deed = AdminDeed(rawValue: String(path.dropFirst(Self.prefix.count))) else {
            return .text(.notFound, "not found")
        }
        guard request.method == .post else { return .apiWrongMethod }
        let gate = KeyGate(service: service, thing: "orders", path: Self.prefix + deed.rawValue)
        let key: APIKey
        do throws(KeyGate.Refusal) {
            key = try gate.key(of: request, from: context.peer)
        } catch {
            return error.answer
        }
        guard key.allowsAdministration else { return gate.lacks("admin", key, context.peer) }
        let answer = carryOut(deed)
        service.note(deed, actor: key.name, peer: context.peer, status: answer.status.code)
        return answer
    }

    private func carryOut(_ deed: AdminDeed) -> Answer {
        guard service.order(deed) else {
            return .apiError(.conflict, .notAvailable, "the relay is being drained")
        }
        return .json(.accepted, ["accepted": deed.rawValue])
    }
}
