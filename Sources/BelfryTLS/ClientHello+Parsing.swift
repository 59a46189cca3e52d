extension ClientHello {
    /// Parses the body of a ClientHello, without its four bytes of handshake header.
    ///
    /// Never refuses: a hello that contradicts itself comes back with `isWellFormed` false, for OpenSSL to answer with
    /// the alert that fits.
    package init(parsing bytes: borrowing Span<UInt8>, in window: Range<Int>) {
        self.init()
        var cursor = ByteCursor(window)
        isWellFormed = parse(bytes, &cursor)
    }

    private mutating func parse(_ bytes: borrowing Span<UInt8>, _ cursor: inout ByteCursor) -> Bool {
        guard let version = cursor.word(in: bytes) else { return false }
        legacyVersion = version
        guard cursor.take(32) != nil, cursor.shortVector(in: bytes) != nil else { return false }
        guard let suites = cursor.vector(in: bytes) else { return false }
        guard let suiteList = ByteCursor.words(suites, in: bytes) else { return false }
        cipherSuites = suiteList
        guard cursor.shortVector(in: bytes) != nil else { return false }
        // Before TLS 1.3 a hello could end here (RFC 5246, 7.4.1.2).
        if cursor.isAtEnd { return true }
        guard let list = cursor.vector(in: bytes) else { return false }
        return parseExtensions(bytes, ByteCursor(list)) && cursor.isAtEnd
    }

    private mutating func parseExtensions(_ bytes: borrowing Span<UInt8>, _ list: consuming ByteCursor)
        -> Bool
    {
        // What browsers send.
        extensions.reserveCapacity(20)
        while !list.isAtEnd {
            guard let type = list.word(in: bytes), let body = list.vector(in: bytes) else { return false }
            extensions.append(type)
            guard parseExtension(type, body, bytes) else { return false }
        }
        return true
    }

    private mutating func parseExtension(
        _ type: UInt16, _ body: Range<Int>, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        switch ExtensionType(rawValue: type) {
        case .serverName: parseServerName(body, bytes)
        case .supportedGroups: Self.parseWords(body, bytes, into: &groups)
        case .signatureAlgorithms: Self.parseWords(body, bytes, into: &signatureAlgorithms)
        case .applicationProtocols: parseProtocols(body, bytes)
        case .supportedVersions: parseVersions(body, bytes)
        case nil: true
        }
    }

    private static func parseWords(
        _ body: Range<Int>, _ bytes: borrowing Span<UInt8>, into words: inout [UInt16]
    ) -> Bool {
        var cursor = ByteCursor(body)
        guard let window = cursor.vector(in: bytes), cursor.isAtEnd else { return false }
        guard let list = ByteCursor.words(window, in: bytes) else { return false }
        words = list
        return true
    }

    private mutating func parseVersions(_ body: Range<Int>, _ bytes: borrowing Span<UInt8>) -> Bool {
        var cursor = ByteCursor(body)
        guard let window = cursor.shortVector(in: bytes), cursor.isAtEnd else { return false }
        guard let list = ByteCursor.words(window, in: bytes) else { return false }
        supportedVersions = list
        return true
    }

    private mutating func parseProtocols(_ body: Range<Int>, _ bytes: borrowing Span<UInt8>) -> Bool {
        var outer = ByteCursor(body)
        guard let window = outer.vector(in: bytes), outer.isAtEnd else { return false }
        var cursor = ByteCursor(window)
        while !cursor.isAtEnd {
            guard let name = cursor.shortVector(in: bytes), !name.isEmpty else { return false }
            applicationProtocols.append(name.map { bytes[$0] })
        }
        return true
    }

    /// Takes the first host name (RFC 6066, 3 allows one).
    ///
    /// What is no host name is left to OpenSSL.
    private mutating func parseServerName(_ body: Range<Int>, _ bytes: borrowing Span<UInt8>) -> Bool {
        var outer = ByteCursor(body)
        guard let window = outer.vector(in: bytes), outer.isAtEnd else { return false }
        var cursor = ByteCursor(window)
        guard let kind = cursor.byte(in: bytes), let name = cursor.vector(in: bytes) else { return false }
        guard kind == 0 else { return true }
        serverName = Self.hostName(name, in: bytes)
        return true
    }

    /// Letters, digits, `-`, `.` and `_`, at most 253 of them: nothing that could forge a log line.
    private static func hostName(_ window: Range<Int>, in bytes: borrowing Span<UInt8>) -> String? {
        guard !window.isEmpty, window.count <= 253 else { return nil }
        var name = ""
        name.reserveCapacity(window.count)
        for index in window {
            let byte = bytes[index]
            switch byte {
            case 0x41...0x5A: name.unicodeScalars.append(Unicode.Scalar(byte | 0x20))
            case 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F: name.unicodeScalars.append(Unicode.Scalar(byte))
            default: return nil
            }
        }
        return name
    }

    /// The extensions we read (IANA TLS ExtensionType values).
    enum ExtensionType: UInt16 {
        case serverName = 0
        case supportedGroups = 10
        case signatureAlgorithms = 13
        case applicationProtocols = 16
        case supportedVersions = 43
    }
}
