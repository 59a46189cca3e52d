/// The query of a target; names and values are percent-decoded when they are looked at.
package struct RequestQuery: Equatable, Sendable {
    private let bytes: Octets

    init(_ bytes: Octets) { self.bytes = bytes }

    /// The first value of `name`; empty when it stands without one.
    package func value(_ name: String) -> String? {
        for pair in QueryPairs(bytes) where PercentDecoded(pair.name).elementsEqual(name.utf8) {
            return String(decoding: Array(PercentDecoded(pair.value)), as: UTF8.self)
        }
        return nil
    }

    /// Whether any of `names` (lowercase) occurs, in whatever case.
    package func contains(anyOf names: [String]) -> Bool {
        for pair in QueryPairs(bytes) {
            for name in names where Self.isName(pair.name, name) { return true }
        }
        return false
    }

    private static func isName(_ encoded: Octets, _ name: String) -> Bool {
        PercentDecoded(encoded).elementsEqual(name.utf8) { $0.lowercased == $1 }
    }
}

/// The `name=value` pairs of a query, still encoded.
private struct QueryPairs: Sequence, IteratorProtocol {
    private var rest: Octets?

    init(_ query: Octets) { rest = query.isEmpty ? nil : query }

    mutating func next() -> (name: Octets, value: Octets)? {
        while let remaining = rest {
            let (pair, tail) = remaining.cut(at: UInt8(ascii: "&"))
            rest = tail
            guard !pair.isEmpty else { continue }
            let (name, value) = pair.cut(at: UInt8(ascii: "="))
            return (name, value ?? [])
        }
        return nil
    }
}

/// The bytes that encoded ones stand for (`application/x-www-form-urlencoded`).
private struct PercentDecoded: Sequence, IteratorProtocol {
    private let encoded: Octets
    private var offset = 0

    init(_ encoded: Octets) { self.encoded = encoded }

    mutating func next() -> UInt8? {
        guard offset < encoded.count else { return nil }
        let (byte, width) = Self.unit(encoded.span, at: offset)
        offset &+= width
        return byte
    }

    private static func unit(_ bytes: Span<UInt8>, at index: Int) -> (byte: UInt8, width: Int) {
        if let value = bytes.percentDecoded(at: index) { return (value, 3) }
        return (bytes[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[index], 1)
    }
}
