/// What a run found.
package struct BenchReport: Sendable {
    package var connected = 0
    package var failed = 0
    package var published: UInt64 = 0
    /// Messages that were due but not sent: the generator or its connection was too slow.
    package var unsent: UInt64 = 0
    /// Publish commands the server answered with an error.
    package var refused: UInt64 = 0
    /// Messages times members of their rooms.
    package var expected: UInt64 = 0
    /// Deliveries without the duplicates.
    package var delivered: UInt64 = 0
    package var duplicates: UInt64 = 0
    package var outOfOrder: UInt64 = 0
    /// Reasons of failures and how often each; at most ``reasonsMax``.
    package internal(set) var reasons: [String: Int] = [:]
    var latency = LatencyHistogram()
    var connectTime = LatencyHistogram()

    /// More kinds of failure nobody reads.
    static let reasonsMax = 16

    package var missing: UInt64 { expected > delivered ? expected - delivered : 0 }

    /// Whether nothing failed and nothing is missing.
    package var isClean: Bool { failed == 0 && missing == 0 && refused == 0 }

    mutating func note(_ reason: String) {
        guard reasons[reason] != nil || reasons.count < Self.reasonsMax else { return }
        reasons[reason, default: 0] += 1
    }

    private var counts: [(String, UInt64)] {
        [
            ("connected", UInt64(connected)), ("failed", UInt64(failed)), ("published", published),
            ("unsent", unsent), ("refused", refused), ("expected", expected), ("delivered", delivered),
            ("missing", missing), ("duplicates", duplicates), ("out_of_order", outOfOrder),
        ]
    }

    private var times: [(String, UInt64)] {
        [
            ("latency_p50", latency.quantile(perMille: 500)),
            ("latency_p90", latency.quantile(perMille: 900)),
            ("latency_p99", latency.quantile(perMille: 990)), ("latency_max", latency.maximum),
            ("connect_p50", connectTime.quantile(perMille: 500)),
            ("connect_p99", connectTime.quantile(perMille: 990)),
        ]
    }

    /// A line for each number, for people.
    package var text: String {
        let rows =
            counts.map { ($0.replacing("_", with: " "), "\($1)") }
            + times.map { ($0.replacing("_", with: " "), Self.milliseconds($1) + " ms") }
            + reasons.sorted { $0.key < $1.key }.map { ("failure", "\($0.value) × \($0.key)") }
        return rows.map { $0 + String(repeating: " ", count: max(1, 14 - $0.count)) + $1 }
            .joined(separator: "\n")
    }

    /// One JSON object; times are in microseconds and say so.
    package var json: String {
        let members =
            counts.map { "\"\($0)\":\($1)" } + times.map { "\"\($0)_us\":\($1 / 1_000)" }
        let failures = reasons.sorted { $0.key < $1.key }
            .map { "{\"reason\":\"\(Self.escaped($0.key))\",\"count\":\($0.value)}" }
        return "{\(members.joined(separator: ",")),\"failures\":[\(failures.joined(separator: ","))]}"
    }

    /// With three digits behind the point.
    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        let microseconds = nanoseconds / 1_000
        let fraction = "\(microseconds % 1_000)"
        return "\(microseconds / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    /// Reasons are our words and OpenSSL's: quotes are all that could stand in them.
    private static func escaped(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 0x20 || $0 == "\"" || $0 == "\\" ? "'" : Character($0) })
    }
}
