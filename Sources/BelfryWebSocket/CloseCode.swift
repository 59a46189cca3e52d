/// The status code of a close frame (RFC 6455, section 7.4, and the IANA registry it founded).
///
/// Codes from 3000 on belong to the protocol above: Centrifuge defines its own there.
@frozen package struct CloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let normal = CloseCode(rawValue: 1000)
    package static let goingAway = CloseCode(rawValue: 1001)
    package static let protocolError = CloseCode(rawValue: 1002)
    package static let unsupportedData = CloseCode(rawValue: 1003)
    package static let invalidPayload = CloseCode(rawValue: 1007)
    package static let policyViolation = CloseCode(rawValue: 1008)
    package static let messageTooBig = CloseCode(rawValue: 1009)
    package static let missingExtension = CloseCode(rawValue: 1010)
    package static let internalError = CloseCode(rawValue: 1011)
    package static let serviceRestart = CloseCode(rawValue: 1012)
    package static let tryAgainLater = CloseCode(rawValue: 1013)
    package static let badGateway = CloseCode(rawValue: 1014)

    /// Whether a close frame may carry this code, in either direction.
    ///
    /// 1004 is reserved, 1005, 1006 and 1015 only ever describe a connection to its own side, 1016 to 2999 are for
    /// future standards, and 5000 and above mean nothing (section 7.4.2).
    package var isValidOnWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
