/// Why a command failed, as the reply says it (protocol.md 14).
package struct ErrorCode: Error, Hashable, Sendable {
    package let code: UInt32
    /// Never empty: Python indexes it.
    package let message: String
    /// The client may try again.
    package let isTemporary: Bool

    private init(_ code: UInt32, _ message: String, isTemporary: Bool = false) {
        self.code = code
        self.message = message
        self.isTemporary = isTemporary
    }

    /// An application's own error.
    ///
    /// - Returns: `nil` outside 400 to 1999, or when the message is empty.
    package init?(applicationCode code: UInt32, message: String, isTemporary: Bool = false) {
        guard (400...1999).contains(code), !message.isEmpty else { return nil }
        self.init(code, message, isTemporary: isTemporary)
    }

    package static let internalServerError = ErrorCode(100, "internal server error", isTemporary: true)
    package static let unauthorized = ErrorCode(101, "unauthorized")
    package static let unknownChannel = ErrorCode(102, "unknown channel")
    package static let permissionDenied = ErrorCode(103, "permission denied")
    package static let methodNotFound = ErrorCode(104, "method not found")
    package static let alreadySubscribed = ErrorCode(105, "already subscribed")
    package static let limitExceeded = ErrorCode(106, "limit exceeded")
    package static let badRequest = ErrorCode(107, "bad request")
    package static let notAvailable = ErrorCode(108, "not available")
    package static let tokenExpired = ErrorCode(109, "token expired")
    package static let expired = ErrorCode(110, "expired")
    package static let tooManyRequests = ErrorCode(111, "too many requests", isTemporary: true)
    package static let unrecoverablePosition = ErrorCode(112, "unrecoverable position")
    package static let concurrentPagination = ErrorCode(113, "concurrent pagination", isTemporary: true)

    /// All that the protocol defines.
    package static let all: [ErrorCode] = [
        .internalServerError, .unauthorized, .unknownChannel, .permissionDenied, .methodNotFound,
        .alreadySubscribed, .limitExceeded, .badRequest, .notAvailable, .tokenExpired, .expired,
        .tooManyRequests, .unrecoverablePosition, .concurrentPagination,
    ]
}
