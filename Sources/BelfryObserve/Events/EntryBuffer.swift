/// One journal entry in the form the journal takes it: `NAME=value` items in one array, to be used again and
/// again by the writer without a new allocation.
package struct EntryBuffer: Sendable {
    /// Where one item lies in `bytes`: `bytes[start..<valueStart - 1]` is its name.
    package struct Item: Sendable {
        package let start: Int
        package let valueStart: Int
        package let end: Int
        /// Nil for the fields that are not Belfry's own, such as MESSAGE.
        package let field: JournalField?
    }

    /// What stands before the name of a field of Belfry's own.
    package static let prefix = "BELFRY_"

    package private(set) var bytes: [UInt8] = []
    package private(set) var items: [Item] = []
    /// MESSAGE while it is put together: its parts are copied from `bytes`, which cannot grow meanwhile.
    private var sentence: [UInt8] = []
    /// MESSAGE, once the entry is complete.
    package private(set) var message: Item?

    package init() {}

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        items.removeAll(keepingCapacity: true)
        message = nil
    }

    package func name(of item: Item) -> ArraySlice<UInt8> { bytes[item.start..<(item.valueStart &- 1)] }

    package func value(of item: Item) -> ArraySlice<UInt8> { bytes[item.valueStart..<item.end] }

    /// The item of a field of Belfry's own; a walk over some twenty items.
    package func item(of field: JournalField) -> Item? { items.first { $0.field == field } }

    /// Takes the last items away again, from the one at `index` on.
    package mutating func removeItems(from index: Int) {
        guard index < items.count else { return }
        bytes.removeLast(bytes.count &- items[index].start)
        items.removeSubrange(index...)
    }
}

// MARK: Adding items

extension EntryBuffer {
    /// Adds an item whose value `write` appends; `write` may append anything but take nothing away.
    package mutating func add(_ field: JournalField, _ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        let name = field.rawValue.utf8
        // The eighth byte of room is for the sign.
        bytes.append(addingCapacity: name.count &+ 8) { output in
            output.append(Self.prefix.utf8.span)
            output.append(name.span)
            output.append(0x3D)
        }
        addValue(from: start, field, write)
    }

    /// - `label`: the name with its sign, such as `TID=`, for the fields that are not Belfry's own.
    mutating func add(label: String, _ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes += label.utf8
        addValue(from: start, nil, write)
    }

    /// Adds what was written before and once.
    mutating func add(_ other: EntryBuffer) {
        let offset = bytes.count
        bytes += other.bytes
        for item in other.items {
            items.append(
                Item(
                    start: item.start &+ offset, valueStart: item.valueStart &+ offset,
                    end: item.end &+ offset, field: item.field))
        }
    }

    /// Adds MESSAGE, of at most `limit` bytes.
    ///
    /// - `times`: told at the end, where an entry stands for more than one occurrence.
    mutating func add(_ template: MessageTemplate, times: UInt64?, limit: Int) {
        sentence.removeAll(keepingCapacity: true)
        for part in template.parts { append(part) }
        if let times { sentence += " (\(times) times)".utf8 }
        if sentence.count > limit {
            // Through a string, which repairs a character that is cut in two.
            sentence = Array(String(decoding: sentence.prefix(limit), as: UTF8.self).utf8)
        }
        let start = bytes.count
        bytes += "MESSAGE=".utf8
        let valueStart = bytes.count
        bytes += sentence
        let item = Item(start: start, valueStart: valueStart, end: bytes.count, field: nil)
        items.append(item)
        message = item
    }

    private mutating func append(_ part: MessageTemplate.Part) {
        switch part {
        case .text(let text): sentence += text
        case .value(let field):
            guard let item = field.flatMap({ item(of: $0) }) else { return sentence.append(0x2D) }
            sentence += value(of: item)
        }
    }

    private mutating func addValue(
        from start: Int, _ field: JournalField?, _ write: (inout [UInt8]) -> Void
    ) {
        let valueStart = bytes.count
        write(&bytes)
        items.append(Item(start: start, valueStart: valueStart, end: bytes.count, field: field))
    }
}
