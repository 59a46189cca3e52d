/// What a status tells that no metric does.
package struct StatusFacts: Sendable {
    package struct Certificate: Sendable {
        package var name: String
        /// Seconds since 1970.
        package var notAfter: Int64

        package init(name: String, notAfter: Int64) {
            self.name = name
            self.notAfter = notAfter
        }
    }

    package struct Journal: Sendable {
        /// Where entries go: `journald`, `stderr` or `nowhere`.
        package var route = "journald"
        /// Whether the newest audit entry was read back: `untried`, `verified`, `missing` or `unreadable`.
        package var verification = "untried"
        /// Seconds since 1970.
        package var lastVerified: Int64?

        package init() {}
    }

    package struct Store: Sendable {
        package var path: String
        /// In the operator's words; `nil` while all is well.
        package var failure: String?

        package init(path: String, failure: String?) {
            self.path = path
            self.failure = failure
        }
    }

    package struct FiringAlert: Encodable, Equatable, Sendable {
        package var name: String
        /// `critical`, `warning` or `info`.
        package var severity: String
        package var count: Int
        /// Told for comparison: it counts in no severity, and wakes nobody.
        package var isShadow: Bool

        package init(name: String, severity: String, count: Int, isShadow: Bool = false) {
            self.name = name
            self.severity = severity
            self.count = count
            self.isShadow = isShadow
        }

        private enum CodingKeys: String, CodingKey {
            case name, severity, count
            case isShadow = "shadow"
        }
    }

    package var version = ""
    package var commit = ""
    package var node = ""
    /// The wall clock, seconds since 1970.
    package var unixSeconds = 0.0
    package var health = HealthReport(loops: [])
    package var journal = Journal()
    /// `nil` when nothing is kept on disk.
    package var store: Store?
    package var certificates: [Certificate] = []
    /// `nil` where nobody raises alerts.
    package var alerts: [FiringAlert]?
    /// Whether the relay tries its own public port.
    package var isProbing = false

    package init() {}
}
