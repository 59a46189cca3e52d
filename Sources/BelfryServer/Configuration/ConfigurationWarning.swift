/// Something that works, and that an operator should know he has chosen.
package struct ConfigurationWarning: Equatable, Sendable, CustomStringConvertible {
    /// What the choice means.
    package enum Reason: Equatable, Sendable, CustomStringConvertible {
        case insecureMode
        /// - `isExposed`: Other machines can open it.
        case demoPage(isExposed: Bool)
        case anyOrigin
        case shortSecret(byteCount: Int)
        case tokensWithoutExpiry
        case anyAudience
        case anyIssuer
        case plainKeys
        case sidePortExposed
        case apiExposed
        case limitsDisabled
        case dryRun
        case plainSubjects
        case shortTick
        case rareCanary
        case hasNoEffect(without: String)

        package var description: String {
            switch self {
            case .insecureMode: "anybody may subscribe and publish everywhere, without a token"
            case .demoPage(let isExposed):
                "anybody who opens the page\(isExposed ? ", from any machine that reaches this one," : "") "
                    + "gets a token, and may do what channels let clients do"
            case .anyOrigin: "any web page may connect with its visitors' browsers"
            case .shortSecret(let count):
                "a secret of \(count) bytes can be guessed; use at least 32 random bytes (RFC 7518, 3.2)"
            case .tokensWithoutExpiry: "a leaked token without exp works for ever"
            case .anyIssuer: "providers sign for many with the same keys; whoever they sign for is accepted"
            case .plainKeys: "keys are fetched without TLS: who can listen on that port can make tokens"
            case .anyAudience: "tokens made for other services are accepted"
            case .sidePortExposed: "metrics and alerts can be read from other machines, without TLS"
            case .apiExposed:
                "keys of the server API pass the network unencrypted; whoever reads one may use it"
            case .limitsDisabled: "one client can take the whole relay"
            case .dryRun: "limits are reported but not enforced"
            case .plainSubjects: "user ids are written to the journal as they are"
            case .shortTick:
                "the detectors take each tick for ten seconds: for trials, not for service"
            case .rareCanary:
                "the rule JournalLoss takes entries that nobody has read back for five minutes for lost; "
                    + "4m at most, or change it in ops/prometheus/rules.yml"
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
