import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfrySidePort
import BelfryStore
import BelfryTLS
import Dispatch
import Foundation

/// What the side port asks of a relay.
struct RelaySource: SidePortSource {
    let relay: Relay

    func metrics(_ format: ExpositionFormat, only names: Set<String>?) async -> [UInt8] {
        relay.refreshMetrics()
        return relay.registry.render(format, only: names)
    }

    func health() -> HealthReport { relay.healthReport(at: MonotonicClock.now()) }

    func readiness() -> ReadinessReport {
        let seconds = WallClock.unixSeconds()
        let statistics = relay.journal.statistics
        let certificates = relay.certificates
        return ReadinessReport(
            state: relay.registry.state,
            checks: [
                .init(
                    name: "listener", isPassed: !relay.addresses.isEmpty,
                    detail: relay.addresses.map(\.description).joined(separator: ", ")),
                .init(
                    name: "certificate", isPassed: certificates.allSatisfy { $0.notAfter > seconds },
                    detail: certificates.map(\.name).joined(separator: ", ")),
                // A node that must refuse publications should get no new clients.
                .init(
                    name: "store", isPassed: relay.store?.failure == nil,
                    detail: relay.store.map { $0.failure?.description ?? $0.path } ?? "none"),
                // Losing the journal stops the service only where the operator said so.
                .init(
                    name: "journal", isPassed: !relay.admission.refusesAll,
                    detail: statistics.readinessDetail),
            ])
    }

    func detectors() -> DetectorReport { relay.detectorDesk.current }

    func connections(_ query: ConnectionQuery) async -> ConnectionPage {
        let open = query.state == .closed ? [] : await openConnections()
        let closed = query.state == .open ? [] : relay.lately.snapshots
        let now = MonotonicClock.now()
        let wall = Date()
        let found = (open + closed).filter { query.room.map($0.channels.contains) ?? true }
        return query.page(of: found.map { $0.record(now: now, wall: wall) })
    }

    /// Asks every loop; one that does not answer within a second is left out.
    func openConnections() async -> [ConnectionSnapshot] {
        await withCheckedContinuation { continuation in
            let answer = SurveyAnswer(loops: relay.mailboxes.count) { continuation.resume(returning: $0) }
            for mailbox in relay.mailboxes {
                _ = mailbox.post(.connections(ConnectionSurvey(answer: answer)))
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(1)) { answer.giveUp() }
        }
    }
}

extension JournalStatistics {
    /// Where entries go, what is wrong with it, and whether they can be seen there.
    fileprivate var readinessDetail: String {
        var words = [route.rawValue]
        if let trouble { words.append(trouble.rawValue) }
        if verification == .unreadable { words.append("unreadable") }
        return words.joined(separator: ", ")
    }
}

extension ConnectionSnapshot {
    func record(now: Instant, wall: Date) -> ConnectionRecord {
        let end = closedAt ?? now
        // What clients say of themselves is shown as the journal shows it: redacted, and harmless to a terminal.
        var record = ConnectionRecord(
            id: id, stage: isAdmitted && phase == .open ? .active : phase.stage,
            subject: SafeText.string(subject ?? "", limit: 256),
            address: address, port: port, tlsVersion: tlsVersion ?? "", tlsCipher: tlsCipher ?? "",
            clientName: SafeText.string(clientName, limit: 256),
            started: wall.addingTimeInterval(-(now - openedAt).inSeconds),
            lastActivity: wall.addingTimeInterval(-(now - lastActivity).inSeconds), duration: end - openedAt)
        record.received = .init(messages: messagesIn, bytes: bytesIn)
        record.sent = .init(messages: messagesOut, bytes: bytesOut)
        record.queueBytes = UInt64(queueBytes)
        record.roomCount = channels.count
        if closedAt != nil {
            record.close = ending.map { .init(by: $0.by, reason: $0.reason, code: $0.code) }
        }
        return record
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(clampedNanoseconds) / 1e9 }
}
