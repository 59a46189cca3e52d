/// A learnt state as bytes: `BFAN`, version (16 bits), the fields (64 bits each, little end first), and a
/// checksum (FNV-1a, 64 bits) of all before it.
package struct StateWriter: StateVisitor {
    package static let magic: [UInt8] = Array("BFAN".utf8)
    /// Raised whenever a detector shows other fields than before; older states are refused, and learnt anew.
    package static let version: UInt16 = 1

    private var bytes: [UInt8]

    package init() {
        bytes = Self.magic + [UInt8(Self.version & 0xFF), UInt8(Self.version >> 8)]
    }

    package mutating func visit(_ value: inout UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    /// The whole state.
    package func finished() -> [UInt8] {
        var copy = self
        var checksum = FNV1a.hash(bytes)
        copy.visit(&checksum)
        return copy.bytes
    }

    /// Saves one value.
    package static func save(_ value: some Restorable) throws(StateError) -> [UInt8] {
        var copy = value
        var writer = StateWriter()
        try copy.show(to: &writer)
        return writer.finished()
    }
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
package struct FNV1a: Sendable {
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    package mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash = FNV1a()
        for byte in bytes { hash.add(byte) }
        return hash.value
    }
}
