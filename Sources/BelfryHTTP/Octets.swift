// A piece of a request head: a range of the one array that holds the head, never a copy. Loops go over its span, which
// checks bounds without the slice's detours.

typealias Octets = ArraySlice<UInt8>

extension ArraySlice<UInt8> {
    /// Invalid UTF-8 becomes U+FFFD.
    var text: String { String(decoding: self, as: UTF8.self) }

    func equals(_ text: String) -> Bool { span.equals(text.utf8.span) }

    func equalsIgnoringCase(_ text: String) -> Bool { span.equalsIgnoringCase(text.utf8.span) }

    func hasPrefix(_ text: String) -> Bool {
        let prefix = text.utf8.span
        return count >= prefix.count && span.extracting(0..<prefix.count).equals(prefix)
    }

    /// Without the blanks and tabs around it.
    var trimmed: Octets {
        let kept = span.trimmedRange
        return self[(startIndex &+ kept.lowerBound)..<(startIndex &+ kept.upperBound)]
    }

    /// A copy that folds ASCII letters.
    var lowercased: Octets {
        let bytes = span
        let folded = [UInt8](capacity: bytes.count) { output in
            for index in bytes.indices { output.append(bytes[index].lowercased) }
        }
        return folded[...]
    }

    /// What stands before the first `separator`, and what behind it, `nil` when there is none.
    func cut(at separator: UInt8) -> (before: Octets, after: Octets?) {
        guard let offset = span.firstIndex(of: separator) else { return (self, nil) }
        let index = startIndex &+ offset
        return (self[..<index], self[(index &+ 1)...])
    }
}

/// Where a piece stands in its head; what is kept while the head still grows.
///
/// Half the size of a range or less: ``HeadLimits`` keeps a head below 64 KiB.
struct Place: Equatable, Sendable {
    private let start: UInt16
    private let end: UInt16

    init(_ range: Range<Int>, from base: Int = 0) {
        start = UInt16(truncatingIfNeeded: base &+ range.lowerBound)
        end = UInt16(truncatingIfNeeded: base &+ range.upperBound)
    }

    init(_ piece: Octets) { self.init(piece.startIndex..<piece.endIndex) }

    var count: Int { Int(end &- start) }

    var range: Range<Int> { Int(start)..<Int(end) }
}

extension Array<UInt8> {
    subscript(place: Place) -> Octets { self[place.range] }
}
