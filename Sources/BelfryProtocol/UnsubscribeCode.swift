/// Why the server ends a subscription, as the push says it (protocol.md 16).
package struct UnsubscribeCode: Hashable, Sendable {
    package let code: UInt32
    /// Never empty: Python indexes it.
    package let reason: String

    private init(_ code: UInt32, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    /// An application's own code.
    ///
    /// - Returns: `nil` outside 2100 to 2499 and 2600 to 2999, or when the reason is empty.
    package init?(applicationCode code: UInt32, reason: String) {
        guard (2100...2499).contains(code) || (2600...2999).contains(code), !reason.isEmpty else {
            return nil
        }
        self.init(code, reason)
    }

    /// Whether the SDKs subscribe again by themselves.
    package var resubscribes: Bool { code >= 2500 }

    package static let server = UnsubscribeCode(2000, "server unsubscribe")
    package static let insufficientState = UnsubscribeCode(2500, "insufficient state")
    package static let subscriptionExpired = UnsubscribeCode(2501, "subscription expired")
    package static let stateInvalidated = UnsubscribeCode(2502, "state invalidated")

    /// All that the protocol defines.
    package static let all: [UnsubscribeCode] = [
        .server, .insufficientState, .subscriptionExpired, .stateInvalidated,
    ]
}
