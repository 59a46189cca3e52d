/// Why the first bytes of a connection are no ClientHello we hand to OpenSSL.
package enum HelloRefusal: Error, Equatable, Sendable {
    /// An HTTP request in clear text.
    case plaintextHTTP
    /// The hello of SSL 2, also as an envelope for a later version (RFC 8446, appendix D.5 forbids it).
    case sslv2
    /// Neither TLS nor anything we know.
    case notTLS
    /// A record of another type where the hello should be.
    case unexpectedRecord(type: UInt8)
    /// A handshake message of another type where the hello should be.
    case unexpectedMessage(type: UInt8)
    /// A record longer than 2^14 bytes (RFC 8446, 5.1).
    case recordOverflow(byteCount: Int)
    /// The hello announces or reaches more than ``ClientHelloGate/byteLimit``.
    case oversize(byteCount: Int)
    /// More empty records than OpenSSL would take.
    case emptyRecords
}

extension HelloRefusal {
    /// Bytes worth sending in clear before closing: an alert record, an HTTP answer, or nothing.
    package var answer: [UInt8] {
        switch self {
        case .plaintextHTTP:
            Array(
                """
                HTTP/1.1 400 Bad Request\r
                Content-Type: text/plain\r
                Content-Length: 26\r
                Connection: close\r
                \r
                This port speaks TLS only.
                """.utf8)
        case .notTLS: []
        case .sslv2: TLSAlert.protocolVersion.record
        case .unexpectedRecord, .unexpectedMessage, .emptyRecords: TLSAlert.unexpectedMessage.record
        case .recordOverflow: TLSAlert.recordOverflow.record
        // What OpenSSL answers to SSL_R_EXCESSIVE_MESSAGE_SIZE.
        case .oversize: TLSAlert.illegalParameter.record
        }
    }

    /// The same crime in the words of the metrics.
    package var failure: TLSFailure {
        switch self {
        case .plaintextHTTP: TLSFailure(.plaintext)
        case .sslv2: TLSFailure(.noSharedVersion, alertSent: .protocolVersion)
        case .notTLS: TLSFailure(.badRecord)
        case .unexpectedRecord, .unexpectedMessage, .emptyRecords:
            TLSFailure(.badRecord, alertSent: .unexpectedMessage)
        case .recordOverflow: TLSFailure(.badRecord, alertSent: .recordOverflow)
        case .oversize: TLSFailure(.oversizeHello, alertSent: .illegalParameter)
        }
    }
}
