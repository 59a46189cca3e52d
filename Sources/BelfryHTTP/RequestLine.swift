/// `method SP request-target SP HTTP-version` (RFC 9112, section 3).
struct RequestLine: Sendable {
    let method: HTTPMethod
    let target: TargetPlaces

    /// Reads the first line of a head, without its line ending.
    init(_ line: Octets) throws(HTTPRefusal) {
        let space = UInt8(ascii: " ")
        guard case (let method, let rest?) = line.cut(at: space), !method.isEmpty,
            method.span.tokenLength == method.count,
            case (let target, let version?) = rest.cut(at: space)
        else { throw .malformedRequestLine }
        try Self.checkVersion(version.span)
        guard let known = HTTPMethod(rawValue: method.text) else { throw .methodUnknown }
        self.method = known
        self.target = try TargetPlaces(target)
    }

    /// Well-formed but other versions get 505: 1.0 has no upgrade, 2 and 3 are not spoken in this form.
    private static func checkVersion(_ version: Span<UInt8>) throws(HTTPRefusal) {
        guard version.count == 8, version.extracting(0..<5).equals("HTTP/".utf8.span), version[5].isDigit,
            version[6] == UInt8(ascii: "."), version[7].isDigit
        else { throw .malformedRequestLine }
        guard version[5] == UInt8(ascii: "1"), version[7] == UInt8(ascii: "1") else {
            throw .versionUnsupported
        }
    }
}
