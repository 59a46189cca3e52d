/// Why a TLS connection ended badly, with the evidence.
///
/// Plain numbers only, so that a step which does not fail costs no reference counting.
package struct TLSFailure: Error, Hashable, Sendable {
    package var reason: Reason
    /// The fatal alert we sent.
    package var alertSent: TLSAlert?
    /// The fatal alert the peer sent.
    package var alertReceived: TLSAlert?
    /// The first entry of OpenSSL's error queue, packed as OpenSSL packs it; 0 when it had nothing to say.
    package var libraryCode: UInt64
    /// The positive `errno` of the system call that failed; 0 when none did.
    package var systemError: Int32
    /// OpenSSL's verdict on the client's certificate (`X509_V_ERR_…`); 0 when that was not the matter.
    package var certificateError: Int32

    package init(
        _ reason: Reason, alertSent: TLSAlert? = nil, alertReceived: TLSAlert? = nil, libraryCode: UInt64 = 0,
        systemError: Int32 = 0, certificateError: Int32 = 0
    ) {
        self.reason = reason
        self.alertSent = alertSent
        self.alertReceived = alertReceived
        self.libraryCode = libraryCode
        self.systemError = systemError
        self.certificateError = certificateError
    }

    /// The handshake deadline passed; for the owner of the clock to report.
    package static let timedOut = TLSFailure(.timeout)
}

extension TLSFailure {
    /// The closed set of metric labels.
    ///
    /// The first fifteen end handshakes; the last ends established connections only.
    package enum Reason: String, CaseIterable, Sendable {
        /// Clear-text HTTP on the TLS port.
        case plaintext
        /// Not TLS, or TLS that breaks its own rules: wrong lengths, bad MAC, a message out of turn.
        case badRecord = "bad_record"
        /// The hello is longer than the gate takes.
        case oversizeHello = "oversize_hello"
        case noSharedVersion = "no_shared_version"
        /// No cipher suite or signature algorithm in common.
        case noSharedCipher = "no_shared_cipher"
        /// TLS 1.3 only: before, a missing group shows as a missing cipher suite.
        case noSharedGroup = "no_shared_group"
        case alpn
        /// The client does not trust our certificate.
        case clientAlertCertificate = "client_alert_certificate"
        case clientAlertOther = "client_alert_other"
        case timeout
        /// `tls.client_certificate` demands one, and the client sent none.
        case noClientCertificate = "no_client_certificate"
        /// The client's certificate is over, or not yet in force.
        case clientCertificateExpired = "client_certificate_expired"
        /// Of an unknown authority, for another purpose, in too long a chain, or not decodable.
        case clientCertificateUntrusted = "client_certificate_untrusted"
        /// The peer or the network went away.
        case closed
        /// Ours: out of memory, a bug, or a rule of OpenSSL we do not know.
        case `internal`
        /// More post-handshake messages than ``KeyUpdateBudget`` allows.
        case keyUpdateFlood = "keyupdate_flood"

        /// The label set of the handshake failure counter.
        package static let handshake: [Reason] = allCases.filter { $0 != .keyUpdateFlood }
    }
}
