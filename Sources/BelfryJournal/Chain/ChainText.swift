import BelfryObserve

/// Where one field lies in an array of bytes.
package struct FieldRange: Sendable {
    package let name: Range<Int>
    package let value: Range<Int>

    package init(name: Range<Int>, value: Range<Int>) {
        self.name = name
        self.value = value
    }
}

/// What a chain value is computed over: an entry's fields in one form that the writer and whoever checks agree on.
///
/// Covered are MESSAGE, MESSAGE_ID, PRIORITY and all fields that begin with BELFRY_, except BELFRY_CHAIN itself. They
/// are sorted by name, byte by byte, and written as `NAME=LENGTH:VALUE` and a newline, LENGTH being the number of
/// the value's bytes in decimal. Since the length stands before the value, no two sets of fields have one text.
package struct ChainText: Sendable {
    private struct Place: Sendable {
        /// The name's first eight bytes behind the prefix, which settle nearly every comparison.
        let key: UInt64
        let field: FieldRange
    }

    package private(set) var bytes: [UInt8] = []
    private var places: [Place] = []

    package init() {}

    private static let prefix = Array(EntryBuffer.prefix.utf8)
    private static let own = Array(JournalField.chain.journalName.utf8)
    private static let others = ["MESSAGE", "MESSAGE_ID", "PRIORITY"].map { Array($0.utf8) }

    /// Begins a new text; what `begin` appends goes before the fields.
    package mutating func begin(with begin: (inout [UInt8]) -> Void) {
        bytes.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        begin(&bytes)
    }

    /// Leaves out what is not covered.
    package mutating func add(_ field: FieldRange, of source: Span<UInt8>) {
        let name = source.extracting(field.name)
        let hasPrefix = name.starts(with: Self.prefix)
        guard hasPrefix ? !name.equals(Self.own) : Self.others.contains(where: { name.equals($0) }) else {
            return
        }
        // Those without the prefix begin with later letters, and stand last.
        let rest = hasPrefix ? name.extracting(droppingFirst: Self.prefix.count) : name
        insert(Place(key: hasPrefix ? rest.leadingBytes : .max, field: field), source)
    }

    /// Appends the fields in their order.
    package mutating func finish(from source: Span<UInt8>) {
        for place in places {
            let value = source.extracting(place.field.value)
            bytes.append(source.extracting(place.field.name))
            bytes.append(0x3D)
            bytes += String(value.count).utf8
            bytes.append(0x3A)
            bytes.append(value)
            bytes.append(0x0A)
        }
    }

    /// Some twenty fields, nearly in order: nothing is faster.
    private mutating func insert(_ place: Place, _ source: Span<UInt8>) {
        var position = places.count
        while position > 0, Self.precedes(place, places[position &- 1], source) { position &-= 1 }
        places.insert(place, at: position)
    }

    private static func precedes(_ left: Place, _ right: Place, _ source: Span<UInt8>) -> Bool {
        guard left.key == right.key else { return left.key < right.key }
        return source.extracting(left.field.name).precedes(source.extracting(right.field.name))
    }
}

extension Span<UInt8> {
    fileprivate func starts(with other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        for index in other.indices where self[index] != other[index] { return false }
        return true
    }

    fileprivate func equals(_ other: [UInt8]) -> Bool { count == other.count && starts(with: other) }

    fileprivate var leadingBytes: UInt64 {
        var key: UInt64 = 0
        for index in 0..<8 { key = key << 8 | (index < count ? UInt64(self[index]) : 0) }
        return key
    }

    fileprivate func precedes(_ other: Span<UInt8>) -> Bool {
        for index in 0..<Swift.min(count, other.count) where self[index] != other[index] {
            return self[index] < other[index]
        }
        return count < other.count
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ span: Span<UInt8>) {
        append(addingCapacity: span.count) { $0.append(span) }
    }
}
