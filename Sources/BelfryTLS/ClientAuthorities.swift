// Client certificates (RFC 8446, 4.3.2; RFC 5246, 7.4.4): who may have issued them, and whether there must be one.

/// Where the authorities of client certificates stand, and how much they matter.
package struct ClientAuthoritySource: Hashable, Sendable {
    /// PEM: roots, and intermediate certificates that clients do not send themselves.
    package var file: String
    /// A client without a certificate is refused.
    ///
    /// Otherwise it is served without one; a bad one is refused in any case.
    package var isRequired: Bool

    package init(file: String, isRequired: Bool) {
        self.file = file
        self.isRequired = isRequired
    }
}

/// Checked authorities, in DER.
final class ClientAuthorities: Sendable {
    /// What a file of the size we read can hold.
    private static let countMax = 1_000
    /// With more, their names are not told to clients, lest each handshake carry them all: clients then
    /// choose among their certificates for themselves.
    static let namedMax = 16
    /// Certificates between leaf and root: public chains have one or two.
    static let depthMax: Int32 = 4
    /// What a client may send: four times a long chain.
    static let chainBytesMax = 16_384

    let file: String
    let isRequired: Bool
    let certificates: [[UInt8]]

    init(loading source: ClientAuthoritySource, at unixTime: Int64) throws(CertificateError) {
        file = source.file
        isRequired = source.isRequired
        let found = try X509Certificate.readChain(source.file, upTo: Self.countMax)
        if let place = found.firstIndex(where: { !$0.isAuthority }) {
            throw .notAuthority(file: source.file, position: place + 1)
        }
        // Bundles keep old roots beside new ones, so one that is over harms nobody; none in force is a mistake.
        let latest = found.compactMap(\.notAfter).max() ?? 0
        guard unixTime <= latest else { throw .expired(file: source.file, notAfter: latest) }
        certificates = found.map(\.der)
    }

    /// Tells sessions made under other authorities, or under another demand, from ours.
    ///
    /// Without it a ticket from before a reload would bring a client in that the new authorities do not know.
    var sessionContext: [UInt8] {
        let hashes = certificates.map { Digest.sha256($0.span) }.sorted { $0.lexicographicallyPrecedes($1) }
        var whole: [UInt8] = [isRequired ? 1 : 0]
        for hash in hashes { whole += hash }
        return Digest.sha256(whole.span)
    }
}
