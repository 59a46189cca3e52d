extension Event {
    /// An alert as its entries in the journal state it; all texts are ready for people.
    package struct AlertFacts: Sendable {
        package var alert: String
        /// 16 hexadecimal digits, the same as Alertmanager's.
        package var fingerprint: String
        /// `client_net=203.0.113.0/24`; empty for the whole relay.
        package var key: String
        package var observed: String
        package var expected: String
        package var unit: String
        package var limit: String
        /// Seconds that the observed value covers.
        package var window: Int
        package var detector: String
        package var summary: String
        /// Where the runbook is.
        package var documentation: String
        package var priority: Priority

        package init(
            alert: String, fingerprint: String, key: String, observed: String, expected: String, unit: String,
            limit: String, window: Int, detector: String, summary: String, documentation: String,
            priority: Priority
        ) {
            self.alert = alert
            self.fingerprint = fingerprint
            self.key = key
            self.observed = observed
            self.expected = expected
            self.unit = unit
            self.limit = limit
            self.window = window
            self.detector = detector
            self.summary = summary
            self.documentation = documentation
            self.priority = priority
        }
    }

    package static func alertFiring(
        _ facts: AlertFacts, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .alertFiring, priority: facts.priority,
            [
                .text(.alert, facts.alert), .text(.fingerprint, facts.fingerprint), .text(.key, facts.key),
                .text(.observed, facts.observed), .text(.expected, facts.expected), .text(.unit, facts.unit),
                .text(.limit, facts.limit), .text(.window, "\(facts.window) s"),
                .text(.detector, facts.detector), .text(.summary, facts.summary),
                .text(.documentation, facts.documentation),
            ], at: .init(file, line))
    }

    /// - `duration`: since the condition was first true.
    /// - `peak`: the greatest observed value.
    package static func alertResolved(
        alert: String, fingerprint: String, after duration: Duration, peak: String, priority: Priority,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .alertResolved, priority: priority,
            [
                .text(.alert, alert), .text(.fingerprint, fingerprint), .seconds(.durationSec, duration),
                .text(.peak, peak),
            ], at: .init(file, line))
    }

    /// Once for each outage of a receiver.
    ///
    /// - `receiver`: kind, scheme, host and port: a path may be a secret.
    /// - `status`: why the last attempt failed.
    package static func alertDeliveryFailed(
        receiver: String, status: String, attempts: Int, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .alertDeliveryFailed,
            [.text(.receiver, receiver), .text(.status, status), .number(.attempts, attempts)],
            at: .init(file, line))
    }

    /// One token was open in several networks at the same time, for longer than a phone needs to change them.
    ///
    /// - `subject`: of the token; only its pseudonym where no more is known.
    /// - `networks`: where it is open, as `203.0.113.0/24`.
    /// - `firstConnection`: the connection that came first, if it is still known.
    /// - `overlap`: how long it has been open in more than one.
    package static func authTokenReuse(
        _ subject: SubjectContext, networks: [String], firstConnection: String?, overlap: Duration,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authTokenReuse, subject: subject,
            [
                .text(.nets, networks.joined(separator: ",")), .text(.firstConn, firstConnection),
                .seconds(.overlapSec, overlap),
            ], at: .init(file, line))
    }
}
