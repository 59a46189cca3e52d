package import BelfryJournal

/// One entry of a journal, as it was read: its fields' names and values in one array of bytes.
package struct AuditEntry: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var fields: [FieldRange] = []

    package init() {}

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
    }

    mutating func add(name: some Collection<UInt8>, value: some Collection<UInt8>) {
        let start = bytes.count
        bytes += name
        let middle = bytes.count
        bytes += value
        fields.append(FieldRange(name: start..<middle, value: middle..<bytes.count))
    }

    /// A field that begins with the name of the last one; for a name that stands for several values.
    mutating func addAnother(name: Range<Int>, value: [UInt8]) {
        let start = bytes.count
        bytes += value
        fields.append(FieldRange(name: name, value: start..<bytes.count))
    }

    /// For tests, and for those who make entries: replaces a value, or takes the field away.
    package mutating func set(_ name: String, to value: String?) {
        let pairs = fields.map { (Array(bytes[$0.name]), Array(bytes[$0.value])) }
        let wanted = Array(name.utf8)
        removeAll()
        for (name, value) in pairs where name != wanted { add(name: name, value: value) }
        if let value { add(name: wanted, value: Array(value.utf8)) }
    }

    /// The first value under a name.
    package func value(_ name: String) -> ArraySlice<UInt8>? {
        let wanted = name.utf8
        for field in fields where field.name.count == wanted.count {
            if bytes[field.name].elementsEqual(wanted) { return bytes[field.value] }
        }
        return nil
    }

    package func text(_ name: String) -> String? {
        value(name).map { String(decoding: $0, as: UTF8.self) }
    }

    package func number(_ name: String) -> UInt64? { text(name).flatMap { UInt64($0) } }
}
