import BelfryAuth
import BelfryProtocol

// What a client gets to see of a refused token (protocol.md 7, 12 and 17.3).

/// An error reply, or a close.
enum TokenAnswer {
    case error(ErrorCode)
    case close(DisconnectCode)
}

extension TokenRefusal {
    func answer(at occasion: TokenOccasion) -> TokenAnswer {
        switch consequence(at: occasion) {
        case .error(let code): .error(ErrorCode.all.first { $0.code == code } ?? .internalServerError)
        case .close(let code): .close(DisconnectCode.all.first { $0.code == code } ?? .invalidToken)
        }
    }
}

extension ClientSession {
    mutating func answer(
        _ refusal: TokenRefusal, at occasion: TokenOccasion, _ command: UInt32,
        into actions: inout [SessionAction]
    ) {
        switch refusal.answer(at: occasion) {
        case .error(let error): refuse(error, command, into: &actions)
        case .close(let code): end(code, into: &actions)
        }
    }
}

extension ClaimData {
    /// The bytes if a JSON frame may hold them.
    var json: [UInt8]? { isJSON ? bytes : nil }
}
