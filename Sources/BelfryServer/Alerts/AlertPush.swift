import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfryOutbound
import BelfrySidePort
import BelfryTLS
import Foundation
import Synchronization

/// Sends alerts to those who were configured.
///
/// Nobody waits for it: messages go out as tasks on the client's own thread, and what comes of them is noted when it comes.
final class AlertPush: Sendable {
    /// Alertmanager takes an alert for over when it has not heard of it for so long: three lost repetitions.
    static let silenceMeansEnd: TimeInterval = 240

    private final class Receiver: Sendable {
        let label: AlertReceiver
        let url: String
        let outbox: Mutex<AlertOutbox>
        private let key: Mutex<Secret?>

        init(_ label: AlertReceiver, _ url: String, _ secret: Secret?, _ policy: AlertOutbox.Policy) {
            self.label = label
            self.url = url
            outbox = Mutex(AlertOutbox(policy))
            key = Mutex(secret)
        }

        /// Signs what is sent.
        var secret: Secret? {
            get { key.withLock { $0 } }
            set { key.withLock { $0 = newValue } }
        }

        func isSame(as other: Receiver) -> Bool { label == other.label && url == other.url }

        /// For the journal: paths and queries of webhooks are often secrets.
        var name: String {
            let parts = URLComponents(string: url)
            let port = parts?.port.map { ":\($0)" } ?? ""
            return "\(label.label) \(parts?.scheme ?? "")://\(parts?.host ?? "")\(port)"
        }
    }

    private struct Plan {
        var receivers: [Receiver]
        var externalURL: String
    }

    private let plan: Mutex<Plan>
    private let made = Mutex<DocumentPoster?>(nil)
    private let journal: Journal
    private let registry: MetricRegistry

    init(_ configuration: Configuration, journal: Journal, registry: MetricRegistry) {
        plan = Mutex(
            Plan(receivers: Self.receivers(configuration), externalURL: configuration.externalURL))
        self.journal = journal
        self.registry = registry
    }

    private static func receivers(_ configuration: Configuration) -> [Receiver] {
        let alerts = configuration.alerts
        return alerts.alertmanagers.map { base in
            let url = String(base.reversed().drop { $0 == "/" }.reversed()) + "/api/v2/alerts"
            return Receiver(.alertmanager, url, nil, .alertmanager)
        } + alerts.webhooks.map { Receiver(.webhook, $0.url, $0.secret, .webhook) }
    }

    private var receivers: [Receiver] { plan.withLock { $0.receivers } }

    /// Another configuration: receivers that stay keep what waits for them, new ones hear of what fires.
    func adopt(_ configuration: Configuration, firing: [AlertRecord], at now: Instant) {
        let wanted = Self.receivers(configuration)
        let new = plan.withLock { plan in
            let known = plan.receivers
            plan.externalURL = configuration.externalURL
            plan.receivers = wanted.map { receiver in
                let old = known.first { $0.isSame(as: receiver) }
                old?.secret = receiver.secret
                return old ?? receiver
            }
            return plan.receivers.filter { receiver in !known.contains { $0 === receiver } }
        }
        for record in firing where !record.isShadow {
            for receiver in new { receiver.outbox.withLock { $0.note(record, at: now) } }
        }
    }

    func note(_ record: AlertRecord, at now: Instant) {
        guard !record.isShadow else { return }
        for receiver in receivers { receiver.outbox.withLock { $0.note(record, at: now) } }
    }

    func refresh(_ records: [AlertRecord]) {
        for receiver in receivers { receiver.outbox.withLock { $0.refresh(records) } }
    }

    /// Sends what is due; called once a second.
    func run(at now: Instant) {
        for receiver in receivers {
            guard let message = receiver.outbox.withLock({ $0.take(at: now) }) else { continue }
            Task { await send(message, to: receiver) }
        }
    }

    private func send(_ message: AlertOutbox.Message, to receiver: Receiver) async {
        let body = document(message, for: receiver.label)
        let headers = receiver.secret.map { Self.signature(of: body, $0, at: WallClock.unixSeconds()) } ?? []
        let failure = await poster().post(body, to: receiver.url, headers: headers)
        registry.shared.count(.alertDeliveries(receiver.label, Outcome(succeeded: failure == nil)))
        let outage = receiver.outbox.withLock { outbox in
            outbox.finish(
                message, succeeded: failure == nil, at: MonotonicClock.now(), chance: .random(in: 0...1))
        }
        guard let outage, let failure else { return }
        journal.record(
            .alertDeliveryFailed(
                receiver: receiver.name, status: "\(failure)", attempts: outage.attempts))
    }

    /// Made with the first message: its thread costs memory.
    private func poster() -> DocumentPoster {
        made.withLock { made in
            let poster = made ?? DocumentPoster()
            made = poster
            return poster
        }
    }

    private func document(_ message: AlertOutbox.Message, for label: AlertReceiver) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data: Data?
        switch label {
        case .alertmanager:
            let end = Date(timeIntervalSinceNow: Self.silenceMeansEnd)
            data = try? encoder.encode(
                message.records.map { PostableAlert($0, endsAt: $0.resolved ?? end, isWebhook: false) })
        case .webhook:
            let externalURL = plan.withLock { $0.externalURL }
            data = try? encoder.encode(WebhookMessage(message.records, externalURL: externalURL))
        }
        return data.map { Array($0) } ?? []
    }

    /// The moment is signed with the body, so that a message that was caught cannot be played again later.
    static func signature(
        of body: [UInt8], _ secret: Secret, at seconds: Int64
    ) -> [(name: String, value: String)] {
        let signed = Array("\(seconds).".utf8) + body
        let code = Digest.hmacSHA256(signed.span, key: secret.bytes.span)
        let digits = code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return [("X-Belfry-Timestamp", "\(seconds)"), ("X-Belfry-Signature", "sha256=\(digits)")]
    }
}
