// Walking objects and arrays, one member at a time.

/// How far the walk over one protocol object has come.
struct ObjectWalk<Field: WireField> {
    fileprivate var list = ListWalk()
    fileprivate var seen = FieldSet()
    /// Index of the current field in its table: its place in the enum.
    fileprivate(set) var index = 0
}

/// How far the walk over any object or array has come.
package struct ListWalk {
    fileprivate var isOpen = false

    package init() {}
}

extension JSONScanner {
    /// Moves to the value of the next known field; unknown ones are skipped (protocol.md 3.3).
    ///
    /// - Returns: `nil` at the end of the object.
    /// - Throws: ``JSONError/duplicateField(at:)`` for a known field met twice: two readers of one command could
    ///   otherwise disagree about what it says. Unknown keys are not remembered.
    mutating func nextField<Field: WireField>(
        _ walk: inout ObjectWalk<Field>, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Field? {
        while try nextItem(&walk.list, .object, bytes) {
            let start = position
            let name = try fieldName(bytes)
            guard let index = Field.table.index(of: name) else {
                try skipValue(bytes)
                continue
            }
            guard walk.seen.insert(index) else { throw .duplicateField(at: start) }
            walk.index = index
            return Field.table[index]
        }
        return nil
    }

    /// Moves to the value of the next member of an object used as a map.
    ///
    /// - Returns: The key, or `nil` at the end of the object.
    package mutating func nextKey(_ walk: inout ListWalk, _ bytes: Span<UInt8>) throws(JSONError) -> String? {
        guard try nextItem(&walk, .object, bytes) else { return nil }
        let key = try string(bytes)
        try skipColon(bytes)
        return key
    }

    /// Moves to the next element of an array.
    ///
    /// - Returns: Whether there is one.
    package mutating func nextElement(_ walk: inout ListWalk, _ bytes: Span<UInt8>) throws(JSONError) -> Bool
    {
        try nextItem(&walk, .array, bytes)
    }

    private mutating func nextItem(
        _ walk: inout ListWalk, _ kind: OpenContainers.Kind, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Bool {
        if !walk.isOpen {
            guard try peek(bytes) == kind.openingByte else { throw .wrongType(at: position) }
            position &+= 1
            walk.isOpen = true
            skipWhitespace(bytes)
            return !accept(kind.closingByte, bytes)
        }
        skipWhitespace(bytes)
        if accept(kind.closingByte, bytes) { return false }
        try expect(ASCII.comma, bytes)
        skipWhitespace(bytes)
        return true
    }

    private mutating func fieldName(_ bytes: Span<UInt8>) throws(JSONError) -> FieldName {
        let token = try scanString(bytes)
        try skipColon(bytes)
        guard token.isEscaped else { return FieldName(bytes, token.range) }
        return FieldName(try unescape(token, bytes))
    }
}
