/// Reads a length-prefixed wire structure from front to back (the presentation language of RFC 8446, 3).
///
/// The cursor holds positions only; the bytes are lent to each call, so it borrows nothing for longer than that.
/// Every answer is `nil` past the end: no input can move it out of its window.
struct ByteCursor {
    private(set) var position: Int
    let end: Int

    var isAtEnd: Bool { position >= end }

    init(_ window: Range<Int>) {
        position = window.lowerBound
        end = window.upperBound
    }

    mutating func byte(in bytes: borrowing Span<UInt8>) -> UInt8? {
        guard position < end, position < bytes.count else { return nil }
        defer { position &+= 1 }
        return bytes[position]
    }

    mutating func word(in bytes: borrowing Span<UInt8>) -> UInt16? {
        guard let high = byte(in: bytes), let low = byte(in: bytes) else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    /// The window of the next `count` bytes, which are skipped.
    mutating func take(_ count: Int) -> Range<Int>? {
        guard count >= 0, count <= end &- position else { return nil }
        defer { position &+= count }
        return position..<(position &+ count)
    }

    /// The window of a vector whose length stands before it in one byte.
    mutating func shortVector(in bytes: borrowing Span<UInt8>) -> Range<Int>? {
        guard let count = byte(in: bytes) else { return nil }
        return take(Int(count))
    }

    /// The window of a vector whose length stands before it in two bytes.
    mutating func vector(in bytes: borrowing Span<UInt8>) -> Range<Int>? {
        guard let count = word(in: bytes) else { return nil }
        return take(Int(count))
    }

    /// All 16-bit values of a window; `nil` when a byte is left over.
    static func words(_ window: Range<Int>, in bytes: borrowing Span<UInt8>) -> [UInt16]? {
        guard window.count & 1 == 0 else { return nil }
        var cursor = ByteCursor(window)
        var words: [UInt16] = []
        words.reserveCapacity(window.count / 2)
        while let word = cursor.word(in: bytes) { words.append(word) }
        return words
    }
}
