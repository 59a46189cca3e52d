import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfrySidePort
import BelfryTLS
import Dispatch
import Foundation

/// What the side port asks of a relay.
struct RelaySource: SidePortSource {
    let relay: Relay

    func metrics(_ format: ExpositionFormat) async -> [UInt8] {
        relay.refreshMetrics()
        return relay.registry.render(format)
    }

    func health() -> HealthReport {
        let now = MonotonicClock.now()
        return HealthReport(
            loops: relay.heartbeats.enumerated().map { index, heartbeat in
                HealthReport.Loop(
                    name: "loop-\(index)", sinceLastTick: heartbeat.lastTick.map { now - $0 } ?? .zero)
            })
    }

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
                // Losing the journal does not stop the service (`/metrics` and the gap entry tell), so it passes.
                .init(name: "journal", isPassed: true, detail: statistics.route.rawValue),
            ])
    }

    func connections(_ query: ConnectionQuery) async -> ConnectionPage {
        let open = query.state == .closed ? [] : await openConnections()
        let closed = query.state == .open ? [] : relay.lately.snapshots
        let now = MonotonicClock.now()
        let wall = Date()
        let found = (open + closed).filter { query.room.map($0.channels.contains) ?? true }
        return query.page(of: found.map { $0.record(now: now, wall: wall) })
    }

    /// Asks every loop; one that does not answer within a second is left out.
    private func openConnections() async -> [ConnectionSnapshot] {
        await withCheckedContinuation { continuation in
            let answer = SurveyAnswer(loops: relay.mailboxes.count) { continuation.resume(returning: $0) }
            for mailbox in relay.mailboxes {
                _ = mailbox.post(.connections(ConnectionSurvey(answer: answer)))
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(1)) { answer.giveUp() }
        }
    }
}

extension ConnectionSnapshot {
    func record(now: Instant, wall: Date) -> ConnectionRecord {
        let end = closedAt ?? now
        var record = ConnectionRecord(
            id: id, stage: isAdmitted && phase == .open ? .active : phase.stage, subject: subject ?? "",
            address: address, port: port, tlsVersion: tlsVersion ?? "", tlsCipher: tlsCipher ?? "",
            clientName: clientName, started: wall.addingTimeInterval(-(now - openedAt).inSeconds),
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
