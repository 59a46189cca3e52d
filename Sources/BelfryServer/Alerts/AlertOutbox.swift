import BelfryBytes
import BelfrySidePort

// What one receiver has to be told, and when. A pure value: time and chance come from outside.
//
//   began ──▶ due ──told──▶ due again after `repeatAfter` …        ended ──▶ due ──told──▶ … until `endToldFor` is over
//               └──failed──▶ all wait, longer each time, at most a minute
//
// Always: (1) one message is on its way at a time; (2) at most `capacity` alerts are kept, and ended ones go first;
// (3) an outage is reported once, and what it held back is told when it is over.

/// Alerts on their way to one receiver.
struct AlertOutbox: Sendable {
    struct Policy: Sendable {
        /// An alert that fires is told again after this.
        let repeatAfter: Duration
        /// How long an end is told; zero for once.
        let endToldFor: Duration
        /// Whether a message holds the alerts of one name, or all.
        let isGroupedByName: Bool

        /// Alertmanager takes an alert for over when it is not repeated, and expects its end to be repeated.
        static let alertmanager = Policy(
            repeatAfter: .seconds(60), endToldFor: .seconds(300), isGroupedByName: false)
        /// People read these: Alertmanager's own interval (`repeat_interval`) is four hours.
        static let webhook = Policy(
            repeatAfter: .seconds(4 * 3_600), endToldFor: .zero, isGroupedByName: true)
    }

    struct Message: Sendable {
        let records: [AlertRecord]
        fileprivate let versions: [String: UInt64]
    }

    /// A row of failures that is worth an entry in the journal.
    struct Outage: Equatable, Sendable {
        let attempts: Int
    }

    private struct Entry: Sendable {
        var record: AlertRecord
        var due: Instant
        /// An ended alert is forgotten then, told or not.
        var until: Instant?
        var version: UInt64
    }

    /// More than all names with all their keys.
    static let capacity = 512
    /// Failures in a row that make an outage.
    static let outageAttempts = 3
    private static let longestWait = Duration.seconds(60)
    /// An end that nobody takes is dropped after this.
    private static let endKeptFor = Duration.seconds(3_600)

    private let policy: Policy
    private var entries: [String: Entry] = [:]
    private var failures = 0
    private var waitUntil = Instant(nanoseconds: 0)
    private var isBusy = false
    private var version: UInt64 = 0

    init(_ policy: Policy) { self.policy = policy }

    var count: Int { entries.count }

    /// An alert begins or ends; an end of what was never kept is told all the same.
    mutating func note(_ record: AlertRecord, at now: Instant) {
        version &+= 1
        let kept = max(policy.endToldFor, policy.endToldFor == .zero ? Self.endKeptFor : .zero)
        entries[record.fingerprint] = Entry(
            record: record, due: now, until: record.isFiring ? nil : now + kept, version: version)
        makeRoom()
    }

    /// New numbers of alerts that fire; no reason to tell them now.
    mutating func refresh(_ records: [AlertRecord]) {
        for record in records {
            guard entries[record.fingerprint]?.record.isFiring == true else { continue }
            entries[record.fingerprint]?.record = record
        }
    }

    private mutating func makeRoom() {
        while entries.count > Self.capacity {
            let victim = entries.min { left, right in
                (left.value.record.isFiring ? 1 : 0, left.value.version)
                    < (right.value.record.isFiring ? 1 : 0, right.value.version)
            }
            guard let victim else { return }
            entries[victim.key] = nil
        }
    }

    /// The next message, if one is due; ``finish(_:succeeded:at:chance:)`` must follow.
    mutating func take(at now: Instant) -> Message? {
        entries = entries.filter { $0.value.until.map { $0 > now } ?? true }
        guard !isBusy, now >= waitUntil else { return nil }
        let due = entries.values.filter { $0.due <= now }
        guard let first = due.min(by: { $0.version < $1.version }) else { return nil }
        let name = first.record.name
        let told = entries.filter { !policy.isGroupedByName || $0.value.record.name == name }
        isBusy = true
        return Message(
            records: told.values.map(\.record).sorted { $0.fingerprint < $1.fingerprint },
            versions: told.mapValues(\.version))
    }

    /// What became of a message; an outage is returned once.
    ///
    /// `chance` is from 0 to 1, so that relays which lost the same receiver do not come back together.
    mutating func finish(
        _ message: Message, succeeded: Bool, at now: Instant, chance: Double
    ) -> Outage? {
        isBusy = false
        guard succeeded else { return failed(at: now, chance) }
        failures = 0
        waitUntil = now
        for (fingerprint, version) in message.versions {
            guard let entry = entries[fingerprint], entry.version == version else { continue }
            let isOver = !entry.record.isFiring && policy.endToldFor == .zero
            entries[fingerprint]?.due = now + policy.repeatAfter
            if isOver { entries[fingerprint] = nil }
        }
        return nil
    }

    private mutating func failed(at now: Instant, _ chance: Double) -> Outage? {
        failures = min(failures + 1, 1_000)
        let whole = min(Self.longestWait, .seconds(1 << min(failures - 1, 6)))
        waitUntil = now + whole * (0.5 + 0.5 * min(max(chance, 0), 1))
        return failures == Self.outageAttempts ? Outage(attempts: failures) : nil
    }
}
