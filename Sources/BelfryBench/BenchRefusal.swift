package import BelfryReactor
package import BelfryTLS

/// Why a bench does not even begin.
package enum BenchRefusal: Error {
    /// Not `wss://host[:port]/path`.
    case url
    case unknownHost
    /// `option` lies outside its range.
    case outOfRange(option: String, range: ClosedRange<Int>)
    /// More rooms than connections: the rest would have nobody in them.
    case emptyRooms
    /// The channel prefix would need escaping in JSON, or is longer than 64 bytes.
    case channelPrefix
    /// Not the characters of a JWT (RFC 7515, 3.1).
    case token
    /// The hard limit of open descriptors is lower than the connections asked for.
    case descriptors(limit: UInt64)
    case trust(CertificateError)
    case system(SystemError)
}

extension BenchRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .url: "--url: expected wss://host[:port]/path"
        case .unknownHost: "--url: the host name does not resolve"
        case .outOfRange(let option, let range):
            "--\(option): expected \(range.lowerBound) to \(range.upperBound)"
        case .emptyRooms: "--rooms: no more than --connections"
        case .channelPrefix:
            "--channel-prefix: expected at most 64 printable ASCII characters, no \" and no \\"
        case .token: "--token: not a JSON Web Token"
        case .descriptors(let limit): "--connections: this system allows \(limit) open files"
        case .trust(let error): "--ca: \(error)"
        case .system(let error): "\(error)"
        }
    }
}
