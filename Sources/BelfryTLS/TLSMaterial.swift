// Certificates are read once, checked once, and then shared: each loop makes its own SSL_CTX from them without touching
// a file. A reload that fails therefore fails before anything has changed.

/// Where one certificate and its key stand.
package struct CertificateSource: Hashable, Sendable {
    /// PEM: the leaf, then the issuers in order.
    package var certificateFile: String
    /// PEM: the unencrypted private key of the leaf.
    package var keyFile: String

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// What there is to say about a leaf certificate.
package struct CertificateSummary: Hashable, Sendable {
    package var file: String
    /// OpenSSL's one-line form, `/CN=…`; printable ASCII.
    package var subject: String
    /// DNS names and IP addresses of the subject alternative name; printable ASCII.
    package var names: [String]
    /// Unix seconds.
    package var notBefore: Int64
    /// Unix seconds.
    package var notAfter: Int64
    /// SHA-256 over the DER form, 64 lower-case hexadecimal digits.
    package var fingerprint: String
    package var keyType: KeyType

    /// The keys we serve with.
    package enum KeyType: Hashable, Sendable, CustomStringConvertible {
        case ecdsaP256
        case ecdsaP384
        case rsa(bits: Int)

        package var description: String {
            switch self {
            case .ecdsaP256: "ecdsa_p256"
            case .ecdsaP384: "ecdsa_p384"
            case .rsa(let bits): "rsa_\(bits)"
            }
        }

        /// OpenSSL keeps one certificate of each kind.
        var isRSA: Bool { if case .rsa = self { true } else { false } }
    }
}

/// Checked certificates and keys, ready to make contexts from.
///
/// Immutable.
package final class TLSMaterial: Sendable {
    let pairs: [CertifiedKey]
    /// `nil` when clients are not asked for a certificate.
    let clients: ClientAuthorities?

    /// Reads and checks all files.
    ///
    /// - Parameters:
    ///   - sources: At least one pair; at most one ECDSA and one RSA pair.
    ///   - clients: Who issues client certificates; `nil` asks for none.
    ///   - unixTime: The wall clock in seconds, for the validity check.
    /// - Throws: The first thing wrong, with the file.
    package init(
        loading sources: [CertificateSource], clients: ClientAuthoritySource? = nil, at unixTime: Int64
    ) throws(CertificateError) {
        guard !sources.isEmpty else { throw .nothingConfigured }
        var pairs: [CertifiedKey] = []
        for source in sources {
            let pair = try CertifiedKey(loading: source, at: unixTime)
            guard !pairs.contains(where: { $0.summary.keyType.isRSA == pair.summary.keyType.isRSA }) else {
                throw .sameKindTwice(file: source.certificateFile)
            }
            pairs.append(pair)
        }
        self.pairs = pairs
        if let clients {
            self.clients = try ClientAuthorities(loading: clients, at: unixTime)
        } else {
            self.clients = nil
        }
    }

    /// One summary a leaf, in the order configured.
    package var certificates: [CertificateSummary] { pairs.map(\.summary) }
}

/// A leaf, its issuers and its key, all in DER.
final class CertifiedKey: Sendable {
    let summary: CertificateSummary
    let keyFile: String
    let leaf: [UInt8]
    let issuers: [[UInt8]]
    let key: LockedMemory

    init(loading source: CertificateSource, at unixTime: Int64) throws(CertificateError) {
        let chain = try X509Certificate.readChain(source.certificateFile)
        let key = try PrivateKey(reading: source.keyFile)
        guard chain[0].matches(key) else {
            throw .keyMismatch(certificate: source.certificateFile, key: source.keyFile)
        }
        try Self.checkOrder(chain, source.certificateFile)
        summary = try chain[0].summary(file: source.certificateFile)
        keyFile = source.keyFile
        guard unixTime <= summary.notAfter else {
            throw .expired(file: source.certificateFile, notAfter: summary.notAfter)
        }
        guard unixTime >= summary.notBefore else {
            throw .notYetValid(file: source.certificateFile, notBefore: summary.notBefore)
        }
        leaf = chain[0].der
        issuers = chain.dropFirst().map(\.der)
        guard let encoded = key.encoded() else { throw .brokenKey(file: source.keyFile) }
        self.key = encoded
    }

    private static func checkOrder(_ chain: [X509Certificate], _ file: String) throws(CertificateError) {
        for position in 1..<max(chain.count, 1) where !chain[position - 1].isIssued(by: chain[position]) {
            throw .wrongOrder(file: file, position: position)
        }
    }
}
