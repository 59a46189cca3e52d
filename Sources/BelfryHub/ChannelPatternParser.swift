/// Reads a pattern: literals, `.`, classes, `\d \w \s`, groups, `|`, `* + ? {n,m}`, `^` in front and `$` at the end.
struct ChannelPatternParser {
    struct Result {
        let root: PatternSyntax
        let beginsAtStart: Bool
        let endsAtEnd: Bool
    }

    private static let groupDepthMax = 16
    private static let repetitionMax = 255
    private static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))

    private var text: [UInt8]
    private var place = 0
    private var depth = 0

    init(_ source: String) { text = Array(source.utf8) }

    mutating func parse() throws(ChannelPatternError) -> Result {
        guard text.count <= ChannelPattern.lengthMax else { throw error(.tooLong) }
        if let other = text.firstIndex(where: { $0 >= 128 }) { throw error(.notASCII, at: other) }
        let beginsAtStart = text.first == UInt8(ascii: "^")
        if beginsAtStart { place = 1 }
        let endsAtEnd = text.count > place && text.last == UInt8(ascii: "$") && !isEscaped(text.count - 1)
        if endsAtEnd { text.removeLast() }
        let root = try choice()
        if place < text.count { throw error(.closedGroup) }
        // ^a|b$ means (^a)|(b$) elsewhere; nobody who writes it means that.
        if case .choice = root, beginsAtStart || endsAtEnd { throw error(.anchorInside, at: 0) }
        return Result(root: root, beginsAtStart: beginsAtStart, endsAtEnd: endsAtEnd)
    }

    private func isEscaped(_ index: Int) -> Bool {
        text[..<index].reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
    }

    private func error(_ reason: ChannelPatternError.Reason, at index: Int? = nil) -> ChannelPatternError {
        ChannelPatternError(reason: reason, column: (index ?? place) + 1)
    }

    private var next: UInt8? { place < text.count ? text[place] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    // MARK: Structure

    private mutating func choice() throws(ChannelPatternError) -> PatternSyntax {
        var branches = [try sequence()]
        while take(UInt8(ascii: "|")) { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(ChannelPatternError) -> PatternSyntax {
        var parts: [PatternSyntax] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            let part = try atom()
            parts.append(try repetition(of: part))
        }
        return .sequence(parts)
    }

    private mutating func atom() throws(ChannelPatternError) -> PatternSyntax {
        let start = place
        guard let byte = next else { throw error(.nothingToRepeat) }
        place += 1
        switch byte {
        case UInt8(ascii: "("): return try group(from: start)
        case UInt8(ascii: "["): return .bytes(try byteClass(from: start))
        case UInt8(ascii: "\\"): return .bytes(try escape(from: start))
        case UInt8(ascii: "."): return .bytes(ByteSet().inverted)
        case UInt8(ascii: "^"), UInt8(ascii: "$"): throw error(.anchorInside, at: start)
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): throw error(.nothingToRepeat, at: start)
        case UInt8(ascii: "{"), UInt8(ascii: "}"): throw error(.badRepetition, at: start)
        default: return .bytes(ByteSet(byte...byte))
        }
    }

    private mutating func group(from start: Int) throws(ChannelPatternError) -> PatternSyntax {
        depth += 1
        guard depth <= Self.groupDepthMax else { throw error(.tooDeep, at: start) }
        if take(UInt8(ascii: "?")), !take(UInt8(ascii: ":")) { throw error(.unknownGroup, at: start) }
        let inside = try choice()
        guard take(UInt8(ascii: ")")) else { throw error(.openGroup, at: start) }
        depth -= 1
        // A sequence of one, so that the group's choice is not taken for the whole pattern's.
        return .sequence([inside])
    }

    // MARK: Repetition

    private mutating func repetition(of part: PatternSyntax) throws(ChannelPatternError) -> PatternSyntax {
        let start = place
        guard let (atLeast, atMost) = try bounds() else { return part }
        // Whether it is greedy makes no difference to whether there is a match.
        _ = take(UInt8(ascii: "?"))
        if let byte = next, "*+?{".utf8.contains(byte) { throw error(.repeatsRepetition) }
        if let atMost, atMost < atLeast { throw error(.badRepetition, at: start) }
        return .repeated(part, atLeast: atLeast, atMost: atMost)
    }

    private mutating func bounds() throws(ChannelPatternError) -> (Int, Int?)? {
        if take(UInt8(ascii: "*")) { return (0, nil) }
        if take(UInt8(ascii: "+")) { return (1, nil) }
        if take(UInt8(ascii: "?")) { return (0, 1) }
        let start = place
        guard take(UInt8(ascii: "{")) else { return nil }
        guard let least = number() else { throw error(.badRepetition, at: start) }
        var most: Int? = least
        if take(UInt8(ascii: ",")) { most = number() }
        guard take(UInt8(ascii: "}")) else { throw error(.badRepetition, at: start) }
        return (least, most)
    }

    /// Up to ``repetitionMax``.
    private mutating func number() -> Int? {
        var value: Int?
        while let byte = next, Self.digits.contains(byte), (value ?? 0) <= Self.repetitionMax {
            value = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
            place += 1
        }
        return value.flatMap { $0 <= Self.repetitionMax ? $0 : nil }
    }

    // MARK: Sets of bytes

    private mutating func escape(from start: Int) throws(ChannelPatternError) -> ByteSet {
        guard let byte = next else { throw error(.unknownEscape, at: start) }
        place += 1
        if let named = Self.named(byte | 0x20) { return byte & 0x20 == 0 ? named.inverted : named }
        let isPunctuation = (0x21...0x7E).contains(byte) && !Self.isLetterOrDigit(byte)
        guard isPunctuation else { throw error(.unknownEscape, at: start) }
        return ByteSet(byte...byte)
    }

    private static func named(_ letter: UInt8) -> ByteSet? {
        switch letter {
        case UInt8(ascii: "d"): return digits
        case UInt8(ascii: "w"):
            var set = digits
            set.insert(UInt8(ascii: "a")...UInt8(ascii: "z"))
            set.insert(UInt8(ascii: "A")...UInt8(ascii: "Z"))
            set.insert(UInt8(ascii: "_")...UInt8(ascii: "_"))
            return set
        case UInt8(ascii: "s"):
            var set = ByteSet(0x09...0x0D)
            set.insert(0x20...0x20)
            return set
        default: return nil
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        digits.contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private mutating func byteClass(from start: Int) throws(ChannelPatternError) -> ByteSet {
        let isInverted = take(UInt8(ascii: "^"))
        var set = ByteSet()
        var isFirst = true
        while isFirst || next != UInt8(ascii: "]") {
            isFirst = false
            let (member, single) = try classMember(from: start)
            guard let single, next == UInt8(ascii: "-"), place + 1 < text.count,
                text[place + 1] != UInt8(ascii: "]")
            else {
                set.formUnion(member)
                continue
            }
            place += 1
            guard let end = try classMember(from: start).single, single <= end else {
                throw error(.badClass, at: start)
            }
            set.insert(single...end)
        }
        place += 1
        let result = isInverted ? set.inverted : set
        guard !result.isEmpty else { throw error(.badClass, at: start) }
        return result
    }

    /// - Returns: What it stands for, and the byte if it is one.
    private mutating func classMember(
        from start: Int
    ) throws(ChannelPatternError) -> (set: ByteSet, single: UInt8?) {
        guard let byte = next else { throw error(.openClass, at: start) }
        let here = place
        place += 1
        if byte == UInt8(ascii: "["), next == UInt8(ascii: ":") { throw error(.badClass, at: here) }
        guard byte == UInt8(ascii: "\\") else { return (ByteSet(byte...byte), byte) }
        let set = try escape(from: here)
        let escaped = text[place - 1]
        return (set, Self.isLetterOrDigit(escaped) ? nil : escaped)
    }
}
