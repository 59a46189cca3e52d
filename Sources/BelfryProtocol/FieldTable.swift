// Which keys an object may have. Each protocol object lists its keys once, as an enum whose raw values are the names
// on the wire; the decoders switch over that enum, so a key without a decoder does not compile.

/// The keys of one protocol object.
protocol WireField: CaseIterable, RawRepresentable, Equatable, Sendable where RawValue == String {
    /// Kept in one place a type, because a generic type cannot own a stored static.
    static var table: FieldTable<Self> { get }
}

/// Finds a field by the name found on the wire.
struct FieldTable<Field: WireField>: Sendable {
    private let names: [FieldName]
    private let fields: [Field]

    init() {
        fields = Array(Field.allCases)
        names = fields.map { FieldName($0.rawValue.utf8) }
        precondition(fields.count <= FieldSet.capacity, "more fields than the set of seen fields can hold")
        precondition(!names.contains(.unknown), "a field name longer than \(FieldName.byteCountMax) bytes")
    }

    subscript(index: Int) -> Field { fields[index] }

    func index(of name: FieldName) -> Int? { names.firstIndex(of: name) }
}

/// A key as one number: its bytes side by side.
///
/// Comparing keys is comparing words; nothing is allocated.
struct FieldName: Equatable, Sendable {
    /// The longest name of the protocol, `presence_stats`, has 14 bytes.
    static let byteCountMax = 16
    /// Too long, or empty: no field of ours.
    static let unknown = FieldName([])

    private var packed: UInt128 = 0

    init(_ bytes: some Collection<UInt8>) {
        // A NUL would vanish in the number; no name has one.
        guard bytes.count <= Self.byteCountMax, !bytes.contains(0) else { return }
        for byte in bytes { append(byte) }
    }

    /// Reads a name without escapes, which can hold no NUL either.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard range.count <= Self.byteCountMax else { return }
        for index in range { append(bytes[index]) }
    }

    private mutating func append(_ byte: UInt8) { packed = packed << 8 | UInt128(byte) }
}

/// Which fields of an object have been met, by their index in the table.
struct FieldSet: Sendable {
    static let capacity = UInt32.bitWidth
    private var bits: UInt32 = 0

    /// - Returns: Whether the field is new.
    mutating func insert(_ index: Int) -> Bool {
        let bit: UInt32 = 1 << UInt32(truncatingIfNeeded: index)
        defer { bits |= bit }
        return bits & bit == 0
    }
}
