// What /top answers. Its source may count exactly or estimate: an estimate is never too low, and `error` says by how much
// it may be too high.

/// Who causes most of the traffic.
package struct TopReport: Encodable, Sendable {
    package struct Entry: Encodable, Equatable, Sendable {
        /// A network, a pseudonym; empty for those without a name.
        package var key: String
        package var count: UInt64
        /// `count` is at most so much too high.
        package var error: UInt64
        /// Of the table's total, 0 to 1.
        package var share: Double

        package init(key: String, count: UInt64, error: UInt64 = 0, of total: UInt64) {
            self.key = key
            self.count = count
            self.error = error
            share = total > 0 ? (Double(count) / Double(total)).rounded(toPlaces: 4) : 0
        }
    }

    package struct Table: Encodable, Sendable {
        package enum Subject: String, Encodable, Sendable {
            /// By source network: an IPv4 /24; an IPv6 /64 of open connections, a /48 of a window.
            case network
            /// By the pseudonym of the journal's SUBJECT.
            case user
            /// By the pseudonym of the journal's ROOM_HASH.
            case room
        }

        package enum Measure: String, Encodable, Sendable {
            case connections
            /// Connections accepted, whatever became of them.
            case accepted = "connections.accepted"
            /// Publications that clients sent.
            case publications
            /// Publications times those they went to.
            case deliveries
            /// Client messages received.
            case received = "messages.received"
            /// Messages written to clients.
            case sent = "messages.sent"
            case members
        }

        package var by: Subject
        package var measure: Measure
        /// Counted over the last so many seconds; `nil` over the life so far of the connections that are open.
        package var windowSeconds: Double?
        /// So much came that not all of it was looked at: counts and errors are estimates.
        package var isSampled = false
        /// All keys together, listed or not.
        package var total: UInt64
        /// How many keys there are; `nil` where that is not known.
        package var keys: Int?
        /// The greatest first.
        package var entries: [Entry]

        package init(by: Subject, _ measure: Measure, total: UInt64, keys: Int?, entries: [Entry]) {
            self.by = by
            self.measure = measure
            self.total = total
            self.keys = keys
            self.entries = entries
        }

        private enum CodingKeys: String, CodingKey {
            case by, measure
            case windowSeconds = "window_seconds"
            case isSampled = "sampled"
            case total, keys, entries
        }
    }

    /// Rows of a table at most.
    package static let entryLimit = 10

    package var tables: [Table]

    package init(tables: [Table]) { self.tables = tables }
}

extension TopReport.Table {
    /// A table of exact counts.
    package init(by subject: Subject, _ measure: Measure, counts: [String: UInt64]) {
        let total = counts.values.reduce(0, &+)
        // Equal ones in the order of their keys, so that rows stay where they are.
        let ranking = counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        self.init(
            by: subject, measure, total: total, keys: ranking.count,
            entries: ranking.prefix(TopReport.entryLimit).map {
                .init(key: $0.key, count: $0.value, of: total)
            })
    }
}
