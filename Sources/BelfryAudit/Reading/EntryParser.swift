import Foundation

/// Cuts a stream of bytes into entries, in either of journalctl's two exact forms.
///
/// Which one it is shows in the first byte: JSON lines begin with a brace. What is kept between two calls is at most one
/// entry, so memory does not grow with the journal.
package struct EntryParser {
    /// The relay's own have 4 KiB; others that bear its name may be larger.
    package static let entryBytesMax = 16 << 20

    private enum Form { case json, export }

    /// The entry that `next` found.
    package private(set) var entry = AuditEntry()
    private var form: Form?
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    /// Entries found.
    private var count = 0

    package init() {}

    package mutating func append(_ piece: some Collection<UInt8>) {
        buffer.removeFirst(start)
        start = 0
        buffer += piece
    }

    /// Nothing more comes.
    package mutating func end() { isAtEnd = true }

    /// Whether there was another whole entry, which is now `entry`.
    package mutating func next() throws(ReadingError) -> Bool {
        while start < buffer.count, buffer[start] == 0x0A { start += 1 }
        guard start < buffer.count else { return false }
        if form == nil { form = buffer[start] == 0x7B ? .json : .export }
        let found = form == .json ? try nextLine() : try nextBlock()
        if found {
            count += 1
        } else if buffer.count - start > Self.entryBytesMax {
            throw .tooLong(position: count + 1)
        }
        return found
    }

    private mutating func nextLine() throws(ReadingError) -> Bool {
        let end = buffer[start...].firstIndex(of: 0x0A) ?? buffer.count
        guard end < buffer.count || isAtEnd else { return false }
        entry.removeAll()
        var line = EntryLine(bytes: buffer, range: start..<end)
        guard line.read(into: &entry) else { throw .notAnEntry(position: count + 1) }
        start = end
        return true
    }

    /// `NAME=value` lines, or `NAME`, a length of eight bytes and the value; then an empty line (the Journal Export
    /// Format of systemd.io).
    private mutating func nextBlock() throws(ReadingError) -> Bool {
        entry.removeAll()
        var position = start
        while position < buffer.count {
            if buffer[position] == 0x0A {
                start = position
                return true
            }
            guard let end = buffer[position...].firstIndex(of: 0x0A) else { break }
            guard let sign = buffer[position..<end].firstIndex(of: 0x3D) else {
                guard let next = takeBinary(name: position..<end) else { break }
                position = next
                continue
            }
            entry.add(name: buffer[position..<sign], value: buffer[(sign + 1)..<end])
            position = end + 1
        }
        guard isAtEnd else { return false }
        // The last entry may lack its empty line, but no entry ends within a field.
        guard position == buffer.count, !entry.fields.isEmpty else { throw .notAnEntry(position: count + 1) }
        start = position
        return true
    }

    /// Returns where the next field begins; `nil` when not all of it is there.
    private mutating func takeBinary(name: Range<Int>) -> Int? {
        let lengthStart = name.upperBound + 1
        guard buffer.count >= lengthStart + 8 else { return nil }
        let length = buffer[lengthStart..<(lengthStart + 8)].reversed().reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        let valueStart = lengthStart + 8
        guard length < UInt64(Self.entryBytesMax), buffer.count > valueStart + Int(length) else { return nil }
        let valueEnd = valueStart + Int(length)
        entry.add(name: buffer[name], value: buffer[valueStart..<valueEnd])
        return valueEnd + 1
    }
}
