/// What `/connections` was asked for.
package struct ConnectionQuery: Equatable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, started, duration, rooms
        case lastActivity = "last_activity"
        case messagesReceived = "messages.received"
        case messagesSent = "messages.sent"
        case bytesReceived = "bytes.received"
        case bytesSent = "bytes.sent"
        case queueBytes = "queue.bytes"
    }

    package static let limits = 1...1000
    package static let offsets = 0...1_000_000

    package var order: Order = .started
    package var isDescending = true
    package var limit = 100
    package var offset = 0
    package var state: ConnectionRecord.State?
    /// The pseudonym, whole.
    package var subject: String?
    /// The client's address, whole.
    package var source: String?
    /// Who is in a room is known to the hub, not to the record: the source of records applies this one.
    package var room: String?

    package init() {}
}

extension ConnectionQuery {
    /// Filters, sorts and cuts.
    package func page(of records: [ConnectionRecord]) -> ConnectionPage {
        let matching = records.filter(matches).sorted(by: precedes)
        return ConnectionPage(
            total: matching.count, offset: offset, limit: limit,
            connections: Array(matching.dropFirst(offset).prefix(limit)))
    }

    func matches(_ record: ConnectionRecord) -> Bool {
        if let state, record.state != state { return false }
        if let subject, record.subject != subject { return false }
        if let source, record.address != source { return false }
        return true
    }

    /// Equal ones are ordered by id, so that pages neither overlap nor leave gaps.
    private func precedes(_ left: ConnectionRecord, _ right: ConnectionRecord) -> Bool {
        let (first, second) = isDescending ? (right, left) : (left, right)
        switch order {
        case .id: return first.id < second.id
        case .started: return Self.isLess(first, second, \.started, left, right)
        case .lastActivity: return Self.isLess(first, second, \.lastActivity, left, right)
        case .duration: return Self.isLess(first, second, \.duration, left, right)
        case .rooms: return Self.isLess(first, second, \.roomCount, left, right)
        case .messagesReceived: return Self.isLess(first, second, \.received.messages, left, right)
        case .messagesSent: return Self.isLess(first, second, \.sent.messages, left, right)
        case .bytesReceived: return Self.isLess(first, second, \.received.bytes, left, right)
        case .bytesSent: return Self.isLess(first, second, \.sent.bytes, left, right)
        case .queueBytes: return Self.isLess(first, second, \.queueBytes, left, right)
        }
    }

    private static func isLess<Value: Comparable>(
        _ first: ConnectionRecord, _ second: ConnectionRecord, _ value: (ConnectionRecord) -> Value,
        _ left: ConnectionRecord, _ right: ConnectionRecord
    ) -> Bool {
        let (one, other) = (value(first), value(second))
        return one == other ? left.id < right.id : one < other
    }
}

/// A slice of the connections that match.
package struct ConnectionPage: Encodable, Sendable {
    /// How many match, on this page or not.
    package var total: Int
    package var offset: Int
    package var limit: Int
    package var connections: [ConnectionRecord]

    package init(total: Int, offset: Int, limit: Int, connections: [ConnectionRecord]) {
        self.total = total
        self.offset = offset
        self.limit = limit
        self.connections = connections
    }
}
