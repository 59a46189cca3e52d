import BelfryAPI
import BelfryJournal
import BelfryObserve
import BelfrySidePort
import BelfryTLS

/// Orders to the process of a relay: what signals can ask for, for those who cannot send one.
struct RelayAdmin: AdminService {
    let relay: Relay
    let orders: OrderBox

    var keys: APIKeys { relay.apiKeys }

    func unixSeconds() -> Int64 { WallClock.unixSeconds() }

    func order(_ deed: AdminDeed) -> Bool {
        switch deed {
        case .reload: return orders.offer(.reload)
        case .drain: return orders.offer(.stop(by: "POST \(Self.path(deed))"))
        case .rotateTickets:
            guard !relay.isDraining else { return false }
            relay.rotateTickets()
            return true
        }
    }

    func note(_ deed: AdminDeed, actor: String, peer: String, status: Int) {
        audit(Self.path(deed), peer, status, actor)
    }

    func refused(_ denial: APIDenial, path: String, actor: String?, peer: String, status: Int) {
        relay.registry.shared.count(.apiDenials(denial.label))
        audit(path, peer, status, actor)
    }

    private func audit(_ path: String, _ peer: String, _ status: Int, _ actor: String?) {
        relay.journal.record(
            .adminRequest(peerAddress: peer, method: "POST", path: path, status: status, actor: actor))
    }

    private static func path(_ deed: AdminDeed) -> String { "/-/" + deed.rawValue }
}

extension Relay {
    /// Seals new tickets with the next key, whatever the time.
    func rotateTickets() {
        tickets.rotate()
        noteTickets(tickets.generation)
    }

    func noteTickets(_ generation: UInt64) {
        registry.shared.count(.tlsTicketKeyRotations)
        journal.record(.tlsTicketsRotated(generation: generation))
    }
}
