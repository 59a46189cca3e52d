// JA4, the TLS client fingerprint of FoxIO (technical_details/JA4.md; this one is BSD-3, the rest of JA4+ is not used):
//
//   t13d1516h2_8daaf6152771_e5627efa2ab1
//   │││ │ │ │        │            └ sorted extensions (without SNI and ALPN) + signature algorithms as sent
//   │││ │ │ │        └ sorted cipher suites
//   │││ │ │ └ first and last character of the first ALPN value
//   │││ └─┴ number of cipher suites and of extensions
//   │└┴ version, d = with SNI, i = without
//   └ TCP
//
// GREASE is left out everywhere.

extension ClientHello {
    /// The JA4 fingerprint, 36 characters.
    ///
    /// - Parameter sha256: SHA-256 of the bytes given; passed in so that this file stays pure.
    /// - Returns: For example `t13d1516h2_8daaf6152771_e5627efa2ab1`.
    package func ja4(sha256: ([UInt8]) -> [UInt8]) -> String {
        let suites = Self.sifted(cipherSuites)
        let offered = Self.sifted(extensions)
        var hashed = offered
        hashed.removeAll {
            $0 == ExtensionType.serverName.rawValue || $0 == ExtensionType.applicationProtocols.rawValue
        }
        var listed = Self.hexList(hashed.sorted())
        let signatures = Self.sifted(signatureAlgorithms)
        if !signatures.isEmpty { listed += [Self.underscore] + Self.hexList(signatures) }
        let name = offered.contains(ExtensionType.serverName.rawValue) ? "d" : "i"
        let head =
            "t" + ja4Version + name + Self.twoDigits(suites.count) + Self.twoDigits(offered.count)
            + ja4Protocol
        let suiteHash = suites.isEmpty ? Self.none : Self.hash(Self.hexList(suites.sorted()), sha256)
        let extensionHash = hashed.isEmpty && signatures.isEmpty ? Self.none : Self.hash(listed, sha256)
        return head + "_" + suiteHash + "_" + extensionHash
    }

    private static func sifted(_ values: [UInt16]) -> [UInt16] {
        var kept = values
        kept.removeAll(where: isGREASE)
        return kept
    }

    private static let none = "000000000000"
    private static let underscore = UInt8(ascii: "_")

    private var ja4Version: String {
        switch offeredMaxVersion {
        case 0x0304: "13"
        case 0x0303: "12"
        case 0x0302: "11"
        case 0x0301: "10"
        case 0x0300: "s3"
        case 0x0002: "s2"
        default: "00"
        }
    }

    private var ja4Protocol: String {
        guard let value = applicationProtocols.first, let first = value.first, let last = value.last else {
            return "00"
        }
        if Self.isAlphanumeric(first), Self.isAlphanumeric(last) {
            return String(Unicode.Scalar(first)) + String(Unicode.Scalar(last))
        }
        return String(first >> 4, radix: 16) + String(last & 0xF, radix: 16)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    private static func twoDigits(_ count: Int) -> String {
        let shown = min(count, 99)
        return shown < 10 ? "0\(shown)" : "\(shown)"
    }

    /// `1301,c02b`: four lower-case digits each.
    private static func hexList(_ words: [UInt16]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(words.count * 5)
        for word in words {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            let (high, low) = (UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word))
            text.append(hexDigit(high >> 4))
            text.append(hexDigit(high & 0xF))
            text.append(hexDigit(low >> 4))
            text.append(hexDigit(low & 0xF))
        }
        return text
    }

    private static func hash(_ text: [UInt8], _ sha256: ([UInt8]) -> [UInt8]) -> String {
        var hex: [UInt8] = []
        hex.reserveCapacity(12)
        for byte in sha256(text).prefix(6) {
            hex.append(hexDigit(byte >> 4))
            hex.append(hexDigit(byte & 0xF))
        }
        return String(decoding: hex, as: UTF8.self)
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") &+ nibble : UInt8(ascii: "a") &+ nibble &- 10
    }
}
