// Which names a channel may have (`channel_regex`, protocol.md 18.1): the regular part of regular expressions.
//
// The pattern is the operator's, the names are anybody's: an engine that backtracks would let one client hold a loop with
// `^(a+)+$` and a long name. This one keeps the set of places in the pattern where a match may stand and looks at each
// byte of a name once (Glushkov's automaton: one place for each character or class of the pattern, no empty moves).

/// A compiled `channel_regex`; matches in steps proportional to the name, whatever the pattern.
package struct ChannelPattern: Equatable, Sendable {
    /// Bytes of a pattern.
    package static let lengthMax = 255
    /// Characters and classes, repetitions written out.
    package static let placesMax = PlaceSet.capacity

    package let source: String
    private let automaton: PlaceAutomaton
    /// Without a `^` a match may begin anywhere, without a `$` it may end anywhere.
    private let beginsAtStart: Bool
    private let endsAtEnd: Bool

    /// - Throws: What is wrong and where, counted in characters from 1.
    package init(_ source: String) throws(ChannelPatternError) {
        var parser = ChannelPatternParser(source)
        let syntax = try parser.parse()
        self.source = source
        beginsAtStart = syntax.beginsAtStart
        endsAtEnd = syntax.endsAtEnd
        automaton = try PlaceAutomaton(syntax.root)
    }

    /// Whether the pattern is found in `name`.
    package func matches(_ name: Span<UInt8>) -> Bool {
        if automaton.matchesNothing, !(beginsAtStart && endsAtEnd) || name.isEmpty { return true }
        var places = PlaceSet()
        for index in name.indices {
            let mayBegin = index == 0 || !beginsAtStart
            places = automaton.step(places, mayBegin: mayBegin, name[index])
            if places.isEmpty, beginsAtStart { return false }
            if !endsAtEnd, automaton.isAtEnd(places) { return true }
        }
        return automaton.isAtEnd(places)
    }
}

/// Why a text is no pattern.
package struct ChannelPatternError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Reason: String, Equatable, Sendable {
        case tooLong = "is longer than 255 bytes"
        case tooLarge = "needs more than 256 places with its repetitions written out"
        case tooDeep = "has groups deeper than 16"
        case notASCII = "has a character outside ASCII, which no channel's name has"
        case anchorInside = "has ^ or $ inside: they may only be its first and its last character"
        case nothingToRepeat = "repeats nothing"
        case repeatsRepetition = "repeats a repetition: put it into a group"
        case badRepetition = "has braces that are no repetition as {2}, {2,} or {2,5}, up to 255"
        case openGroup = "has a group without its end"
        case closedGroup = "ends a group that was not begun"
        case unknownGroup = "has a kind of group that is not supported: only ( ) and (?: )"
        case openClass = "has a class without its end"
        case badClass = "has an empty class, a range that runs backwards, or a named class"
        case unknownEscape = "has an escape that is not supported: only \\d \\D \\w \\W \\s \\S, punctuation"
    }

    package let reason: Reason
    /// In characters, from 1.
    package let column: Int

    package var description: String { "the pattern \(reason.rawValue) (character \(column))" }
}
