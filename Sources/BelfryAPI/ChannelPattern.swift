/// A glob over channel names: `*` any text, `?` any one byte, `[a-z]` and `[!a-z]` sets, `{news,chat}` choices, `\` takes
/// the next byte literally.
///
/// Matching takes the length of the name times that of the pattern at most, whatever the pattern.
package struct ChannelPattern: Sendable {
    private enum Piece: Equatable, Sendable {
        case byte(UInt8)
        case anyByte
        case anyText
        case set([ClosedRange<UInt8>], isNegated: Bool)
    }

    /// One sequence for each choice.
    private let choices: [[Piece]]

    /// Choices a pattern may make together.
    private static let choicesMax = 64

    /// - Returns: `nil` for a pattern that is not well-formed, is longer than 255 bytes or has more than 64 choices.
    package init?(_ pattern: String) {
        guard pattern.utf8.count <= APILimits.patternBytes else { return nil }
        var rest = Array(pattern.utf8)[...]
        guard let choices = Self.sequences(&rest, isInner: false), rest.isEmpty else { return nil }
        self.choices = choices
    }

    package func matches(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return choices.contains { Self.matches($0, bytes) }
    }

    // MARK: Reading

    private static func sequences(_ rest: inout ArraySlice<UInt8>, isInner: Bool) -> [[Piece]]? {
        var all: [[Piece]] = [[]]
        while let byte = rest.first {
            if isInner, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") { break }
            rest.removeFirst()
            if byte == UInt8(ascii: "{") {
                // Choices within choices are not needed for names.
                guard !isInner, let choices = alternatives(&rest), all.count * choices.count <= choicesMax
                else { return nil }
                all = all.flatMap { head in choices.map { head + $0 } }
            } else {
                guard let piece = piece(byte, &rest) else { return nil }
                for index in all.indices { all[index].append(piece) }
            }
        }
        return all
    }

    private static func alternatives(_ rest: inout ArraySlice<UInt8>) -> [[Piece]]? {
        var choices: [[Piece]] = []
        while let inner = sequences(&rest, isInner: true), let end = rest.popFirst() {
            choices += inner
            if end == UInt8(ascii: "}") { return choices }
        }
        return nil
    }

    private static func piece(_ byte: UInt8, _ rest: inout ArraySlice<UInt8>) -> Piece? {
        switch byte {
        case UInt8(ascii: "*"): .anyText
        case UInt8(ascii: "?"): .anyByte
        case UInt8(ascii: "["): set(&rest)
        case UInt8(ascii: "\\"): rest.popFirst().map { .byte($0) }
        case UInt8(ascii: "}"): nil
        default: .byte(byte)
        }
    }

    private static func set(_ rest: inout ArraySlice<UInt8>) -> Piece? {
        let isNegated = rest.first == UInt8(ascii: "!")
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        while let low = rest.popFirst() {
            if low == UInt8(ascii: "]") { return ranges.isEmpty ? nil : .set(ranges, isNegated: isNegated) }
            guard rest.first == UInt8(ascii: "-") else {
                ranges.append(low...low)
                continue
            }
            rest.removeFirst()
            guard let high = rest.popFirst(), high != UInt8(ascii: "]"), low <= high else { return nil }
            ranges.append(low...high)
        }
        return nil
    }

    // MARK: Matching

    /// Goes back to the latest `*` alone, which is enough for globs.
    private static func matches(_ pieces: [Piece], _ name: [UInt8]) -> Bool {
        var (piece, byte) = (0, 0)
        var star: (piece: Int, byte: Int)?
        while byte < name.count {
            if piece < pieces.count, pieces[piece] == .anyText {
                star = (piece, byte)
                piece += 1
            } else if piece < pieces.count, takes(pieces[piece], name[byte]) {
                piece += 1
                byte += 1
            } else if let last = star {
                star = (last.piece, last.byte + 1)
                (piece, byte) = (last.piece + 1, last.byte + 1)
            } else {
                return false
            }
        }
        return pieces[piece...].allSatisfy { $0 == .anyText }
    }

    private static func takes(_ piece: Piece, _ byte: UInt8) -> Bool {
        switch piece {
        case .byte(let own): own == byte
        case .anyByte: true
        case .anyText: false
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
        }
    }
}
