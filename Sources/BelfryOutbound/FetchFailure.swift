import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

/// Why there is no document.
///
/// Of what the other side said nothing is repeated but its status: the text goes to the journal.
package enum FetchFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case timedOut
    case cannotConnect
    case handshake
    case status(Int)
    case redirected(Int)
    case tooLarge
    /// The client's own word for it, out of a fixed list.
    case broken(String)

    init(_ error: any Error) {
        switch error {
        case let error as HTTPClientError where Self.deadlines.contains(error): self = .timedOut
        case let error as HTTPClientError: self = .broken(error.shortDescription)
        case is NIOConnectionError, is IOError: self = .cannotConnect
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self = .handshake
        default: self = .broken("\(type(of: error))")
        }
    }

    private static let deadlines: [HTTPClientError] = [
        .deadlineExceeded, .connectTimeout, .readTimeout, .tlsHandshakeTimeout, .cancelled,
    ]

    package var description: String {
        switch self {
        case .timedOut: "no complete answer within 3 s"
        case .cannotConnect: "cannot connect"
        case .handshake: "the TLS handshake failed, or the certificate is not trusted"
        case .status(let code): "status \(code)"
        case .redirected(let code): "status \(code): redirects are not followed"
        case .tooLarge: "more than 64 KiB"
        case .broken(let what): what
        }
    }
}
