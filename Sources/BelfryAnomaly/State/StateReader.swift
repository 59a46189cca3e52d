/// Reads what a ``StateWriter`` wrote, and refuses everything else.
package struct StateReader: StateVisitor {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// - Throws: When the frame is not whole: heading, version, checksum.
    package init(_ state: [UInt8]) throws(StateError) {
        let heading = StateWriter.magic.count + 2
        guard state.count >= heading + 8, state.starts(with: StateWriter.magic) else { throw .notAState }
        let version = UInt16(state[4]) | UInt16(state[5]) << 8
        guard version == StateWriter.version else { throw .version(version) }
        let body = state.dropLast(8)
        guard Self.number(state.suffix(8)) == FNV1a.hash(body) else { throw .checksum }
        bytes = body
        position = heading
    }

    package mutating func visit(_ value: inout UInt64) throws(StateError) {
        guard bytes.endIndex - position >= 8 else { throw .notAState }
        value = Self.number(bytes[position..<(position + 8)])
        position += 8
    }

    /// Restores a value, or leaves it as it was and throws.
    package static func restore(_ value: inout some Restorable, from state: [UInt8]) throws(StateError) {
        var reader = try StateReader(state)
        var restored = value
        try restored.show(to: &reader)
        guard reader.position == reader.bytes.endIndex else { throw .notAState }
        value = restored
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
