/// Something that works, and that an operator should know he has chosen.
package struct ConfigurationWarning: Equatable, Sendable, CustomStringConvertible {
    /// What the choice means.
    package enum Reason: Equatable, Sendable, CustomStringConvertible {
        case insecureMode
        case anyOrigin
        case shortSecret(byteCount: Int)
        case tokensWithoutExpiry
        case anyAudience
        case sidePortExposed
        case limitsDisabled
        case dryRun
        case plainSubjects
        case hasNoEffect(without: String)

        package var description: String {
            switch self {
            case .insecureMode: "anybody may subscribe and publish everywhere, without a token"
            case .anyOrigin: "any web page may connect with its visitors' browsers"
            case .shortSecret(let count):
                "a secret of \(count) bytes can be guessed; use at least 32 random bytes (RFC 7518, 3.2)"
            case .tokensWithoutExpiry: "a leaked token without exp works for ever"
            case .anyAudience: "tokens made for other services are accepted"
            case .sidePortExposed: "metrics and alerts can be read from other machines, without TLS"
            case .limitsDisabled: "one client can take the whole relay"
            case .dryRun: "limits are reported but not enforced"
            case .plainSubjects: "user ids are written to the journal as they are"
            case .hasNoEffect(let other): "has no effect without \(other)"
            }
        }
    }

    /// Where the choice was made; the file's start when it is a default.
    package let location: ConfigurationLocation
    package let key: String
    package let reason: Reason

    package var description: String { "\(location): \(key): \(reason)" }
}
