/// One journal entry in the form the journal takes it: `NAME=value` items in one array, to be used again and
/// again by the writer without a new allocation.
package struct EntryBuffer: Sendable {
    /// Where one item lies in `bytes`: `bytes[start..<valueStart - 1]` is its name.
    package struct Item: Sendable {
        package let start: Int
        package let valueStart: Int
        package let end: Int
    }

    package private(set) var bytes: [UInt8] = []
    package private(set) var items: [Item] = []

    package init() {}

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        items.removeAll(keepingCapacity: true)
    }

    /// Adds an item whose value `write` appends; `write` may append anything but take nothing away.
    package mutating func add(prefix: StaticString = "", _ name: String, _ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes += String(describing: prefix).utf8
        bytes += name.utf8
        bytes.append(0x3D)
        let valueStart = bytes.count
        write(&bytes)
        items.append(Item(start: start, valueStart: valueStart, end: bytes.count))
    }

    package func name(of item: Item) -> ArraySlice<UInt8> { bytes[item.start..<(item.valueStart &- 1)] }

    package func value(of item: Item) -> ArraySlice<UInt8> { bytes[item.valueStart..<item.end] }

    /// The value under a full name such as `BELFRY_REASON`; a walk over some twenty items.
    package func value(named name: String) -> ArraySlice<UInt8>? {
        items.first { self.name(of: $0).elementsEqual(name.utf8) }.map { value(of: $0) }
    }
}
