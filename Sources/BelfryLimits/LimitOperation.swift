/// A client's command, as the limits see it.
///
/// Pings and pongs are never charged.
package enum LimitOperation: Equatable, Sendable {
    case publish(byteCount: Int)
    case subscribe
    case presence
    /// Any other command: unsubscribe, refresh, rpc, history, send.
    case other

    /// Bytes of a publication that cost one more unit: a page, below which the cost of a message is its
    /// handling, not its size.
    package static let bytesPerUnit = 4_096

    /// Units charged to the budgets that all commands share.
    package var cost: Int {
        switch self {
        case .publish(let byteCount): 1 + max(0, byteCount) / Self.bytesPerUnit
        case .subscribe: 2  // a subscribe changes state on two loops and may announce a join
        case .presence, .other: 1
        }
    }

    /// Units charged to the operation's own budget: a subscribe is one of so many subscribes.
    package var ownCost: Int {
        if case .publish = self { return cost }
        return 1
    }
}
