// One request head, however it is cut. Bytes are kept as they come, in one array, and a byte is looked at when it comes
// and once more when its line ends: the cost is linear. Of finished lines only the places of their pieces are noted.
//
// Two readers that disagree about a request are an attack (smuggling), so whatever RFC 9112 lets a server repair is
// refused here: bare line feeds, folded lines, blanks before a colon, an empty line in front.

/// How large a request head may be.
package struct HeadLimits: Equatable, Sendable {
    /// All bytes up to and with the empty line; at most 65 535, because places in a head have 16 bits.
    package let headBytes: Int
    /// The first line, without its line ending.
    package let requestLineBytes: Int
    package let fields: Int

    package init(headBytes: Int = 8_192, requestLineBytes: Int = 4_096, fields: Int = 64) {
        self.headBytes = min(headBytes, Int(UInt16.max))
        self.requestLineBytes = requestLineBytes
        self.fields = fields
    }
}

/// Parses the one request head of a connection.
package struct RequestHeadParser: Sendable {
    private let limits: HeadLimits
    /// All that came, never more than ``HeadLimits/headBytes``.
    private var bytes: [UInt8] = []
    private var lineStart = 0
    private var requestLine: RequestLine?
    private var fields: [FieldPlace] = []
    private var isDone = false

    package init(limits: HeadLimits = HeadLimits()) { self.limits = limits }

    /// Takes the next bytes.
    ///
    /// - Returns: The head and how many of `chunk` belonged to it, or `nil` when more are needed. Bytes behind it
    ///   came before our answer: the caller decides about them.
    /// - Throws: The first violation, as soon as its line is complete. Answer, then close: a parser that has
    ///   returned a head or thrown refuses everything else with ``HTTPRefusal/secondRequest``.
    package mutating func consume(
        _ chunk: Span<UInt8>
    ) throws(HTTPRefusal) -> (head: RequestHead, consumed: Int)? {
        guard !isDone else { throw .secondRequest }
        do throws(HTTPRefusal) {
            let before = bytes.count
            take(chunk)
            if let head = try readLines(from: before) {
                finish()
                return (head, head.bytes.count &- before)
            }
            // Only now: a violation in front of the limit comes first, as it does byte by byte.
            guard bytes.count &- before == chunk.count else {
                throw .headTooLarge(byteLimit: limits.headBytes)
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

    /// Copies as much of `chunk` as a head may have.
    private mutating func take(_ chunk: Span<UInt8>) {
        let count = min(chunk.count, limits.headBytes &- bytes.count)
        guard count > 0 else { return }
        bytes.append(addingCapacity: count) { output in
            for index in 0..<count { output.append(chunk[index]) }
        }
    }

    /// Reads the lines that end in the bytes from `start` on.
    private mutating func readLines(from start: Int) throws(HTTPRefusal) -> RequestHead? {
        var searched = start
        while let offset = bytes.span.extracting(searched...).firstIndex(of: UInt8(ascii: "\n")) {
            searched &+= offset &+ 1
            if let head = try endLine(at: searched &- 1) { return head }
        }
        try checkRequestLine(end: bytes.count)
        return nil
    }

    /// Holds the line that goes up to `end` against its limit, which only the first one has.
    private func checkRequestLine(end: Int) throws(HTTPRefusal) {
        // One more for the carriage return.
        guard requestLine != nil || end <= limits.requestLineBytes + 1 else {
            throw .requestLineTooLong(byteLimit: limits.requestLineBytes)
        }
    }

    private mutating func endLine(at lineFeed: Int) throws(HTTPRefusal) -> RequestHead? {
        try checkRequestLine(end: lineFeed)
        guard lineFeed > lineStart, bytes[lineFeed &- 1] == UInt8(ascii: "\r") else { throw .bareLineFeed }
        let line = lineStart..<(lineFeed &- 1)
        lineStart = lineFeed &+ 1
        guard let requestLine else {
            requestLine = try RequestLine(bytes[line])
            return nil
        }
        guard !line.isEmpty else { return try head(requestLine) }
        guard fields.count < limits.fields else { throw .tooManyFields(limit: limits.fields) }
        // Browsers send 10 to 16 fields: one block, not four that grow.
        if fields.isEmpty { fields.reserveCapacity(16) }
        fields.append(try FieldPlace(line, in: bytes.span))
        return nil
    }

    /// The head that ends where the next line would start.
    private mutating func head(_ requestLine: RequestLine) throws(HTTPRefusal) -> RequestHead {
        bytes.removeLast(bytes.count &- lineStart)
        return try RequestHead(requestLine, fields: fields, bytes: bytes)
    }
}
