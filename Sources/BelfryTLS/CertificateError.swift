/// What is wrong with certificate files.
///
/// Says which file, and what to do follows from the case.
package enum CertificateError: Error, Equatable, Sendable {
    /// No certificate pair is configured at all.
    case nothingConfigured
    /// The file cannot be read; `systemError` is the `errno`, 0 when unknown.
    case unreadable(file: String, systemError: Int32)
    case tooLarge(file: String, limit: Int)
    /// No PEM block of the wanted kind is in the file.
    case notPEM(file: String)
    /// The `position`th certificate of the file does not decode (1 = leaf).
    case brokenCertificate(file: String, position: Int)
    case brokenKey(file: String)
    /// The key asks for a passphrase, which a server that starts by itself cannot type.
    case encryptedKey(file: String)
    case keyMismatch(certificate: String, key: String)
    /// `notAfter` in Unix seconds.
    case expired(file: String, notAfter: Int64)
    /// `notBefore` in Unix seconds.
    case notYetValid(file: String, notBefore: Int64)
    /// The `position`th certificate was not issued by the one that follows it: leaf first, then each one's issuer.
    case wrongOrder(file: String, position: Int)
    /// Only ECDSA P-256, P-384 and RSA of 2048 bits and more are known to every client.
    case unsupportedKey(file: String)
    /// The `position`th certificate of a bundle of client authorities may not sign certificates (RFC 5280, 4.2.1.9).
    case notAuthority(file: String, position: Int)
    /// A second certificate of the same kind would silently replace the first.
    case sameKindTwice(file: String)
    /// OpenSSL refuses the pair for another reason, in its words.
    case refused(file: String, reason: String)
}

extension CertificateError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nothingConfigured: "no certificate is configured"
        case .unreadable(let file, let error): "\(file): cannot be read (errno \(error))"
        case .tooLarge(let file, let limit): "\(file): longer than \(limit) bytes"
        case .notPEM(let file): "\(file): no PEM block of the wanted kind"
        case .brokenCertificate(let file, let position): "\(file): certificate \(position) does not decode"
        case .brokenKey(let file): "\(file): the private key does not decode"
        case .encryptedKey(let file): "\(file): the private key is encrypted; give it without a passphrase"
        case .keyMismatch(let certificate, let key): "\(key): not the key of \(certificate)"
        case .expired(let file, let notAfter): "\(file): expired at \(notAfter) (Unix seconds)"
        case .notYetValid(let file, let notBefore): "\(file): not valid before \(notBefore) (Unix seconds)"
        case .wrongOrder(let file, let position):
            "\(file): certificate \(position) is not issued by the next one; order them leaf first"
        case .unsupportedKey(let file):
            "\(file): the key must be ECDSA P-256 or P-384, or RSA of 2048 bits or more"
        case .notAuthority(let file, let position):
            "\(file): certificate \(position) is no certificate authority"
        case .sameKindTwice(let file): "\(file): a certificate of this key type is configured already"
        case .refused(let file, let reason): "\(file): refused by OpenSSL (\(reason))"
        }
    }
}
