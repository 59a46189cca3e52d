// A strict JSON scanner (RFC 8259) that copies nothing it is not asked to copy.
//
// Payloads must leave exactly as they came (protocol.md 3.2), so the scanner finds where a value ends instead of
// building it: whatever is relayed is a slice of the input. Values are skipped with a loop, not by recursion: the open
// containers are one bit each in a word, so a hostile text costs neither stack nor heap.
//
// The scanner is only a position. The bytes are passed to each call, borrowed, and must be the same ones every time.

/// A position in a JSON text, and the rules for moving it over values.
package struct JSONScanner: Sendable {
    /// Offset of the next unread byte.
    package internal(set) var position: Int
    /// How many containers may be open at once inside one value; 1 to 64.
    let depthMax: Int

    /// - Parameters:
    ///   - position: Where to begin, in bytes.
    ///   - depthMax: Deepest nesting accepted inside one value, clamped to 1 to 64.
    package init(at position: Int = 0, depthMax: Int = ProtocolLimits.nestingDepth) {
        self.position = position
        self.depthMax = min(max(depthMax, 1), OpenContainers.capacity)
    }

    /// Checks that `bytes` are one JSON value and nothing else but whitespace.
    ///
    /// Numbers of any magnitude and escaped lone surrogates are grammatical and accepted; invalid UTF-8, a byte order
    /// mark and nesting beyond `depthMax` are refused. Duplicate keys are not looked for: a payload is not ours to judge.
    ///
    /// - Returns: What kind of value it is.
    @discardableResult
    package static func validate(
        _ bytes: Span<UInt8>, depthMax: Int = ProtocolLimits.nestingDepth
    ) throws(JSONError) -> JSONKind {
        var scanner = JSONScanner(depthMax: depthMax)
        scanner.skipWhitespace(bytes)
        let first = try scanner.peek(bytes)
        try scanner.skipValue(bytes)
        try scanner.finish(bytes)
        guard let kind = JSONKind(firstByte: first) else { throw .unexpectedByte(at: scanner.position) }
        return kind
    }

    /// What kind of JSON value `bytes` are; `nil` when they are none.
    ///
    /// For payloads that came by another road than a JSON command: the check behind the channel option
    /// `publication_data_format`.
    package static func kind(of bytes: [UInt8]) -> JSONKind? {
        try? validate(bytes.span)
    }

    /// Makes a payload of a JSON text that came by another road than a command: a token's claim, a hook's answer.
    ///
    /// - Returns: The value as it stands in `text`, without the whitespace around it and without raw line breaks.
    package static func payload(
        of text: Span<UInt8>, depthMax: Int = ProtocolLimits.nestingDepth
    ) throws(JSONError) -> [UInt8] {
        var scanner = JSONScanner(depthMax: depthMax)
        scanner.skipWhitespace(text)
        let payload = try scanner.payload(text)
        try scanner.finish(text)
        return payload
    }

    /// Moves over one value.
    ///
    /// The position must be at its first byte.
    package mutating func skipValue(_ bytes: Span<UInt8>) throws(JSONError) {
        var open = OpenContainers(limit: depthMax)
        repeat {
            let isContainerWithContent = try beginValue(bytes, &open)
            if !isContainerWithContent { try endValue(bytes, &open) }
        } while open.depth > 0
    }

    /// Takes a scalar or an empty container whole; of any other container, all that stands before its first value.
    ///
    /// - Returns: Whether a value inside that container comes next.
    private mutating func beginValue(_ bytes: Span<UInt8>, _ open: inout OpenContainers) throws(JSONError)
        -> Bool
    {
        switch try peek(bytes) {
        case ASCII.openBrace: return try enter(.object, bytes, &open)
        case ASCII.openBracket: return try enter(.array, bytes, &open)
        default:
            try skipScalar(bytes)
            return false
        }
    }

    private mutating func enter(
        _ container: OpenContainers.Kind, _ bytes: Span<UInt8>, _ open: inout OpenContainers
    ) throws(JSONError) -> Bool {
        try open.push(container)
        position &+= 1
        skipWhitespace(bytes)
        if try peek(bytes) == container.closingByte {
            position &+= 1
            open.pop()
            return false
        }
        if container == .object { try skipKey(bytes) }
        return true
    }

    /// After a finished value: closes every container that ends here, and stops before the next value or at the end.
    private mutating func endValue(_ bytes: Span<UInt8>, _ open: inout OpenContainers) throws(JSONError) {
        while open.depth > 0 {
            skipWhitespace(bytes)
            let byte = try peek(bytes)
            if byte == open.innermost.closingByte {
                position &+= 1
                open.pop()
                continue
            }
            guard byte == ASCII.comma else { throw .unexpectedByte(at: position) }
            position &+= 1
            skipWhitespace(bytes)
            if open.innermost == .object { try skipKey(bytes) }
            return
        }
    }
}
