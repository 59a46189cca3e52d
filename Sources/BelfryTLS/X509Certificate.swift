internal import COpenSSL

/// One decoded certificate.
///
/// Owns an `X509 *`.
@safe final class X509Certificate {
    /// Enough for any public chain, and a bound for the loop.
    static let chainMax = 10

    private let x509: OpaquePointer

    private init(adopting x509: OpaquePointer) { unsafe self.x509 = unsafe x509 }

    deinit { unsafe X509_free(x509) }

    /// Reads all certificates of a PEM file; never empty.
    static func readChain(_ file: String, upTo most: Int = chainMax) throws(CertificateError)
        -> [X509Certificate]
    {
        let pem = try PEMFile(reading: file)
        var chain: [X509Certificate] = []
        _ = unsafe pem.withReader { reader in
            while chain.count <= most, let x509 = unsafe PEM_read_bio_X509(reader, nil, nil, nil) {
                chain.append(unsafe X509Certificate(adopting: x509))
            }
        }
        let code = ErrorQueue.drain()
        // "No start line" is how PEM says that the file is over.
        let isOver = code & 0x7F_FFFF == UInt64(PEM_R_NO_START_LINE)
        guard isOver else { throw .brokenCertificate(file: file, position: chain.count + 1) }
        guard !chain.isEmpty else { throw .notPEM(file: file) }
        return chain
    }

    var der: [UInt8] { unsafe Self.der(of: x509) }

    static func der(of x509: OpaquePointer) -> [UInt8] {
        let count = Int(unsafe i2d_X509(x509, nil))
        return unsafe [UInt8](unsafeUninitializedCapacity: max(count, 0)) { output, initialized in
            var next = output.baseAddress
            initialized = unsafe max(0, Int(i2d_X509(x509, &next)))
        }
    }

    /// Whether it may sign certificates.
    var isAuthority: Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_ca(x509) > 0
    }

    /// Unix seconds.
    var notAfter: Int64? { unsafe Self.unixTime(X509_get0_notAfter(x509)) }

    func matches(_ key: borrowing PrivateKey) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_private_key(x509, key.pkey) == 1
    }

    func isIssued(by issuer: X509Certificate) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_issued(issuer.x509, x509) == X509_V_OK
    }

    func summary(file: String) throws(CertificateError) -> CertificateSummary {
        guard let keyType else { throw .unsupportedKey(file: file) }
        guard let notBefore = unsafe Self.unixTime(X509_get0_notBefore(x509)),
            let notAfter = unsafe Self.unixTime(X509_get0_notAfter(x509))
        else { throw .brokenCertificate(file: file, position: 1) }
        let hash = Digest.sha256(der.span)
        return CertificateSummary(
            file: file, subject: subject, names: names, notBefore: notBefore, notAfter: notAfter,
            fingerprint: hash.reduce(into: "") { $0 += ($1 < 16 ? "0" : "") + String($1, radix: 16) },
            keyType: keyType)
    }

    private var keyType: CertificateSummary.KeyType? {
        guard let key = unsafe X509_get0_pubkey(x509) else { return nil }
        let bits = Int(unsafe EVP_PKEY_get_bits(key))
        switch unsafe EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA where bits >= 2048: return .rsa(bits: bits)
        case EVP_PKEY_EC where bits == 256: return .ecdsaP256
        case EVP_PKEY_EC where bits == 384: return .ecdsaP384
        default: return nil
        }
    }

    private var subject: String {
        var text = [CChar](repeating: 0, count: 256)
        unsafe X509_NAME_oneline(X509_get_subject_name(x509), &text, CInt(text.count))
        return Self.printable(text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }

    private var names: [String] {
        guard let raw = unsafe X509_get_ext_d2i(x509, NID_subject_alt_name, nil, nil) else { return [] }
        let list = OpaquePointer(raw)
        defer { unsafe GENERAL_NAMES_free(list) }
        var names: [String] = []
        for index in 0..<max(0, unsafe belfry_general_names_count(list)) {
            var kind = CInt(0)
            var start: UnsafePointer<UInt8>?
            let count = unsafe belfry_general_name(list, index, &kind, &start)
            guard count > 0 else { continue }
            let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
            names.append(kind == GEN_IPADD ? Self.address(bytes) : Self.printable(bytes))
        }
        return names
    }

    /// Dotted IPv4, or eight groups of IPv6 without shortening.
    private static func address(_ bytes: [UInt8]) -> String {
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
        guard bytes.count == 16 else { return "?" }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }.joined(separator: ":")
    }

    /// A name may hold anything; what reaches the journal is printable.
    private static func printable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private static func unixTime(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        guard let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
        defer { unsafe ASN1_TIME_free(epoch) }
        var days = CInt(0)
        var seconds = CInt(0)
        guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
        return Int64(days) * 86_400 + Int64(seconds)
    }
}

/// One decoded private key.
///
/// Owns an `EVP_PKEY *`.
@safe struct PrivateKey: ~Copyable {
    let pkey: OpaquePointer

    deinit { unsafe EVP_PKEY_free(pkey) }

    init(reading file: String) throws(CertificateError) {
        let pem = try PEMFile(reading: file)
        var wasAsked = false
        let read = unsafe pem.withReader { reader in
            unsafe withUnsafeMutablePointer(to: &wasAsked) {
                unsafe PEM_read_bio_PrivateKey(reader, nil, belfryPassphrase, UnsafeMutableRawPointer($0))
            }
        }
        ERR_clear_error()
        guard let found = unsafe read, let pkey = unsafe found else {
            if wasAsked { throw .encryptedKey(file: file) }
            throw pem.contains("PRIVATE KEY-----") ? .brokenKey(file: file) : .notPEM(file: file)
        }
        unsafe self.pkey = unsafe pkey
    }

    /// The DER form, in locked memory.
    func encoded() -> LockedMemory? {
        var der: UnsafeMutablePointer<UInt8>?
        let count = Int(unsafe i2d_PrivateKey(pkey, &der))
        guard count > 0, let der = unsafe der else { return nil }
        defer { unsafe belfry_free(der, count) }
        let memory = LockedMemory(byteCount: count)
        unsafe memory.withBytes {
            unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: der, count: count))
        }
        return memory
    }
}

/// Asked for a passphrase we do not have: remembers that, and gives none.
@c(belfry_passphrase) func belfryPassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: CInt, _ writing: CInt,
    _ wasAsked: UnsafeMutableRawPointer?
) -> CInt {
    unsafe wasAsked?.assumingMemoryBound(to: Bool.self).pointee = true
    return -1
}
