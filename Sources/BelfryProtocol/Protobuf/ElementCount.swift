// A message of 64 KiB has room for thirty thousand empty filter nodes, and building them takes a loop five milliseconds.
// So the elements of lists and maps are counted on the wire before anything is built, which takes microseconds.

/// How many elements of each kind one command holds.
struct ElementCount {
    /// The messages on the way to a list or map that a client can make long, with the numbers of client.proto.
    private enum Shape {
        case command, connect, subscription, header, subscribe, filter, history, position, request

        func child(_ field: UInt64) -> Shape? {
            switch (self, field) {
            case (.command, 4): .connect
            case (.command, 5), (.subscription, 2): .subscribe
            case (.command, 10): .history
            case (.command, 6...15): .request
            case (.connect, 3): .subscription
            case (.connect, 6): .header
            case (.subscribe, 13), (.filter, 6): .filter
            case (.history, 8): .position
            default: nil
            }
        }
    }

    private var subscriptions = 0
    private var headers = 0
    private var filterNodes = 0
    /// Of those that stand once where one who means well writes, and are merged where they stand more often.
    private var messages = 0

    /// - Throws: ``ProtobufError/tooManyElements(limit:)`` only: bytes that break the encoding end the count, and the
    ///   decoder says what is wrong with them.
    static func check(_ command: Span<UInt8>) throws(ProtobufError) {
        var count = ElementCount()
        try count.walk(command, .command, depth: 1)
    }

    private mutating func walk(_ bytes: Span<UInt8>, _ shape: Shape, depth: Int) throws(ProtobufError) {
        guard depth <= ProtocolLimits.messageDepth else { return }
        var offset = 0
        while offset < bytes.count, let (field, range) = Self.field(bytes, &offset) {
            guard let child = shape.child(field), let range else { continue }
            try add(child)
            try walk(bytes.extracting(range), child, depth: depth &+ 1)
        }
    }

    private mutating func add(_ shape: Shape) throws(ProtobufError) {
        switch shape {
        case .subscription: try Self.add(&subscriptions, ProtocolLimits.connectSubscriptions)
        case .header: try Self.add(&headers, ProtocolLimits.connectHeaders)
        case .filter: try Self.add(&filterNodes, ProtocolLimits.filterNodes)
        case .command, .connect, .subscribe, .history, .position, .request:
            try Self.add(&messages, ProtocolLimits.messagesPerCommand)
        }
    }

    private static func add(_ count: inout Int, _ limit: Int) throws(ProtobufError) {
        guard count < limit else { throw .tooManyElements(limit: limit) }
        count &+= 1
    }

    /// Moves past one field.
    ///
    /// - Returns: Its number, and where its content lies if it has a length; `nil` when the bytes are no field.
    private static func field(_ bytes: Span<UInt8>, _ offset: inout Int) -> (UInt64, Range<Int>?)? {
        guard let tag = try? bytes.varint(at: &offset) else { return nil }
        switch tag & 7 {
        case 0: return (try? bytes.varint(at: &offset)).map { _ in (tag >> 3, nil) }
        case 1: return skip(8, bytes, &offset) ? (tag >> 3, nil) : nil
        case 2:
            guard let length = try? bytes.varint(at: &offset) else { return nil }
            let start = offset
            return skip(length, bytes, &offset) ? (tag >> 3, start..<offset) : nil
        case 5: return skip(4, bytes, &offset) ? (tag >> 3, nil) : nil
        // A group begins or ends. What is inside counts as if the group were not there: none hides behind it.
        case 3, 4: return (tag >> 3, nil)
        default: return nil
        }
    }

    private static func skip(_ length: UInt64, _ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
        guard length <= UInt64(bytes.count &- offset) else { return false }
        offset &+= Int(truncatingIfNeeded: length)
        return true
    }
}
