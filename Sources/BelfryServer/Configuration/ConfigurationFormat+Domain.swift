import BelfryHTTP
import BelfryHub
import BelfryReactor
import Foundation

extension ConfigurationFormat<String> {
    /// One line of text.
    static func text(_ lengths: ClosedRange<Int>, what: String) -> Self {
        Self(expects: "\(what) of \(lengths.lowerBound) to \(lengths.upperBound) bytes") { text, _ in
            lengths.contains(text.utf8.count) && text.isPrintable ? text : nil
        }
    }

    /// The name of a node or a namespace; the characters that need no quoting anywhere.
    static func name(_ lengths: ClosedRange<Int>, also others: String = "") -> Self {
        let expects = "\(lengths.lowerBound) to \(lengths.upperBound) letters, digits, - or _"
        return Self(expects: expects + (others.isEmpty ? "" : " or \(others)")) { text, _ in
            let isName = text.utf8.allSatisfy { byte in
                byte.isDigit || (0x41...0x5A).contains(byte & 0xDF) || byte == 0x2D || byte == 0x5F
                    || others.utf8.contains(byte)
            }
            return isName && lengths.contains(text.utf8.count) ? text : nil
        }
    }

    static var origin: Self {
        Self(expects: "an origin as https://chat.example.com, https://*.example.com or *") { text, _ in
            guard text.utf8.count <= 512, (try? OriginPolicy([text])) != nil else { return nil }
            return text
        }
    }

    /// The path of a readable file, made absolute.
    static var file: Self {
        Self(expects: pathText) { text, files throws(ConfigurationProblem) in
            text.isPath ? try files.path(text) : nil
        }
    }

    /// The path of a file of certificates, made absolute.
    static var authorities: Self {
        Self(expects: pathText) { text, files throws(ConfigurationProblem) in
            guard text.isPath else { return nil }
            guard try files.text(text).contains("-----BEGIN CERTIFICATE-----") else {
                throw .expected("certificates in PEM", found: "no -----BEGIN CERTIFICATE----- line")
            }
            return try files.path(text)
        }
    }
}

extension ConfigurationFormat<String> {
    /// The same; an empty path means none.
    static var optionalFile: Self {
        Self(expects: pathText) { text, files throws(ConfigurationProblem) in
            try text.isEmpty ? text : file.parse(text, files)
        }
    }

    /// The path of a file that the relay makes, made absolute.
    static var place: Self {
        Self(expects: pathText) { text, files in text.isPath ? files.place(text) : nil }
    }
}

private let pathText = "a path of 1 to 1024 bytes, absolute or relative to this file"

extension ConfigurationFormat<Secret?> {
    /// The secret itself.
    ///
    /// Empty means none.
    static var secret: Self {
        Self(expects: "a secret of at most 1024 bytes", isSecret: true) { text, _ in
            guard text.utf8.count <= 1_024 else { return nil }
            return .some(text.isEmpty ? nil : Secret(Array(text.utf8)))
        }
    }

    /// The content of a file.
    ///
    /// An empty path means none.
    static var secretFile: Self {
        Self(expects: pathText) { text, files throws(ConfigurationProblem) in
            if text.isEmpty { return .some(nil) }
            return text.isPath ? .some(try files.secret(text)) : nil
        }
    }
}

extension ConfigurationFormat<String?> {
    static var publicKeyFile: Self {
        Self(expects: pathText) { text, files throws(ConfigurationProblem) in
            guard text.isPath else { return nil }
            return .some(try checkedPublicKey(try files.text(text)))
        }
    }

    static var publicKey: Self {
        Self(expects: "a PEM public key or certificate", isSecret: true) {
            text, _ throws(ConfigurationProblem) in
            guard text.utf8.count <= 16 << 10 else { return nil }
            return .some(try checkedPublicKey(text))
        }
    }

    private static func checkedPublicKey(_ pem: String) throws(ConfigurationProblem) -> String {
        guard !pem.contains("PRIVATE KEY-----") else {
            throw .contradiction("this is a private key; the relay needs the public one only")
        }
        guard pem.contains("-----BEGIN ") else {
            throw .expected("a PEM public key or certificate", found: "no -----BEGIN line")
        }
        return pem
    }
}

extension ConfigurationFormat<ChannelPattern?> {
    /// A regular expression for channel names.
    ///
    /// Empty means none.
    static var channelPattern: Self {
        Self(expects: "a regular expression of at most \(ChannelPattern.lengthMax) bytes") {
            text, _ throws(ConfigurationProblem) in
            if text.isEmpty { return .some(nil) }
            do throws(ChannelPatternError) {
                return .some(try ChannelPattern(text))
            } catch {
                throw .contradiction(error.description)
            }
        }
    }
}

extension ConfigurationFormat<Int64?> {
    /// A date in UTC (RFC 3339), as seconds since 1970.
    ///
    /// Empty means none.
    static var date: Self {
        Self(expects: "a date as 2027-01-31T00:00:00Z") { text, _ in
            if text.isEmpty { return .some(nil) }
            // The strategy alone would accept other zones and a lack of separators.
            guard text.utf8.count == 20, text.hasSuffix("Z"), let date = try? Date(text, strategy: .iso8601)
            else {
                return nil
            }
            return .some(Int64(exactly: date.timeIntervalSince1970.rounded()))
        }
    }
}

extension ConfigurationFormat<ListenAddress> {
    static var listenAddress: Self {
        Self(expects: "a numeric address and a port, as 127.0.0.1:8443 or [::]:8443") { text, _ in
            ListenAddress(parsing: text)
        }
    }
}

extension String {
    fileprivate var isPrintable: Bool {
        unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    fileprivate var isPath: Bool { (1...1_024).contains(utf8.count) && isPrintable }
}
