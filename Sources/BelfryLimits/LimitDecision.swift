/// What one budget says to one request.
package enum LimitDecision: Equatable, Sendable {
    case allowed
    /// The same request would be allowed after this time, if nothing else is spent meanwhile. Never zero.
    case denied(retryAfter: Duration)
}

extension LimitRule.Spending {
    var decision: LimitDecision {
        switch self {
        case .paid: .allowed
        case .short(let nanoseconds): .denied(retryAfter: .nanoseconds(Int64(clamping: nanoseconds)))
        }
    }
}
