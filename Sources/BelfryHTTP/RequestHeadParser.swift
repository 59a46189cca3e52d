// One request head, however it is cut. A line is looked at once, when its line feed comes: the cost is linear in the
// bytes, and only the unfinished line is kept besides what the finished ones said.
//
// Two readers that disagree about a request are an attack (smuggling), so whatever RFC 9112 lets a server repair is
// refused here: bare line feeds, folded lines, blanks before a colon, an empty line in front.

/// How large a request head may be.
package struct HeadLimits: Equatable, Sendable {
    /// All bytes up to and with the empty line.
    package let headBytes: Int
    /// The first line, without its line ending.
    package let requestLineBytes: Int
    package let fields: Int

    package init(headBytes: Int = 8_192, requestLineBytes: Int = 4_096, fields: Int = 64) {
        self.headBytes = headBytes
        self.requestLineBytes = requestLineBytes
        self.fields = fields
    }
}

/// Parses the one request head of a connection.
package struct RequestHeadParser: Sendable {
    private let limits: HeadLimits
    private var line: [UInt8] = []
    private var byteCount = 0
    private var requestLine: RequestLine?
    private var fields: [HTTPField] = []
    private var isDone = false

    package init(limits: HeadLimits = HeadLimits()) { self.limits = limits }

    /// Takes the next bytes.
    ///
    /// - Returns: The head and how many of `bytes` belonged to it, or `nil` when more are needed. Bytes behind it
    ///   came before our answer: the caller decides about them.
    /// - Throws: The first violation, as soon as its line is complete. Answer, then close: a parser that has
    ///   returned a head or thrown refuses everything else with ``HTTPRefusal/secondRequest``.
    package mutating func consume(
        _ bytes: Span<UInt8>
    ) throws(HTTPRefusal) -> (head: RequestHead, consumed: Int)? {
        guard !isDone else { throw .secondRequest }
        do throws(HTTPRefusal) {
            for index in bytes.indices {
                guard let head = try append(bytes[index]) else { continue }
                finish()
                return (head, index &+ 1)
            }
            return nil
        } catch {
            finish()
            throw error
        }
    }

    private mutating func finish() { self = RequestHeadParser(doneWith: limits) }

    private init(doneWith limits: HeadLimits) {
        self.limits = limits
        isDone = true
    }

    private mutating func append(_ byte: UInt8) throws(HTTPRefusal) -> RequestHead? {
        guard byteCount < limits.headBytes else { throw .headTooLarge(byteLimit: limits.headBytes) }
        byteCount += 1
        guard byte == UInt8(ascii: "\n") else {
            line.append(byte)
            // One more for the carriage return.
            guard requestLine != nil || line.count <= limits.requestLineBytes + 1 else {
                throw .requestLineTooLong(byteLimit: limits.requestLineBytes)
            }
            return nil
        }
        guard line.popLast() == UInt8(ascii: "\r") else { throw .bareLineFeed }
        defer { line.removeAll(keepingCapacity: true) }
        return try endLine()
    }

    private mutating func endLine() throws(HTTPRefusal) -> RequestHead? {
        guard let requestLine else {
            requestLine = try RequestLine.parse(line)
            return nil
        }
        if line.isEmpty {
            return try RequestHead(method: requestLine.method, target: requestLine.target, fields: fields)
        }
        guard fields.count < limits.fields else { throw .tooManyFields(limit: limits.fields) }
        fields.append(try HTTPField.parse(line))
        return nil
    }
}

/// `method SP request-target SP HTTP-version` (RFC 9112, section 3).
private struct RequestLine: Sendable {
    let method: HTTPMethod
    let target: RequestTarget

    static func parse(_ line: [UInt8]) throws(HTTPRefusal) -> RequestLine {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(\.isTokenCharacter) else {
            throw .malformedRequestLine
        }
        try checkVersion(parts[2])
        guard let method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self)) else {
            throw .methodUnknown
        }
        return RequestLine(method: method, target: try RequestTarget.parse(parts[1]))
    }

    /// Well-formed but other versions get 505: 1.0 has no upgrade, 2 and 3 are not spoken in this form.
    private static func checkVersion(_ bytes: ArraySlice<UInt8>) throws(HTTPRefusal) {
        let version = Array(bytes)
        guard version.count == 8, version.starts(with: "HTTP/".utf8), version[5].isDigit,
            version[6] == UInt8(ascii: "."), version[7].isDigit
        else { throw .malformedRequestLine }
        guard version[5] == UInt8(ascii: "1"), version[7] == UInt8(ascii: "1") else {
            throw .versionUnsupported
        }
    }
}
