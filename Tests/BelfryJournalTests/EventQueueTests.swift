import Testing

@testable import BelfryJournal
@testable import BelfryObserve

@Suite struct EventQueueTests {
    private func audit(_ number: Int) -> Event { .listenerAudit(number) }

    private func info(_ number: Int) -> Event { .tlsTicketsRotated(generation: UInt64(number)) }

    private func queue(audit: Int, info: Int) -> QueueUnderTest {
        var limits = QueueLimits()
        limits.auditEntries = audit
        limits.infoEntries = info
        return QueueUnderTest(limits)
    }

    @Test func `events of both lanes leave in the order in which they came`() {
        let queue = queue(audit: 8, info: 8)
        for number in 0..<3 {
            #expect(queue.offer(info(number)))
            #expect(queue.offer(audit(number)))
        }
        #expect(queue.count == 6)
        #expect(queue.drain() == ["i0", "a0", "i1", "a1", "i2", "a2"])
        #expect(queue.count == 0)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 8, 100])
    func `the limit itself is accepted, one more is not`(limit: Int) {
        let queue = queue(audit: limit, info: limit)
        for number in 0..<limit { #expect(queue.offer(audit(number))) }
        #expect(!queue.offer(audit(limit)))
        #expect(queue.offer(info(0)), "the other lane has its own room")
        #expect(queue.drain().filter { $0.hasPrefix("a") }.count == limit)
    }

    @Test func `what was refused leaves a mark where it would have stood`() {
        let queue = queue(audit: 8, info: 8)
        for number in 0..<20 { _ = queue.offer(audit(number)) }
        for _ in 0..<2 { _ = queue.take() }
        #expect(queue.offer(audit(20)))
        #expect(queue.drain() == ["a2", "a3", "a4", "a5", "a6", "a7", "lost 12+0", "a20"])
    }

    @Test func `a full lane stays closed until a quarter is free`() {
        let queue = queue(audit: 8, info: 8)
        for number in 0..<9 { _ = queue.offer(audit(number)) }
        _ = queue.take()
        #expect(!queue.offer(audit(9)), "seven of eight")
        _ = queue.take()
        #expect(queue.offer(audit(10)), "six of eight")
    }

    @Test func `a flood of information costs no audit event`() {
        let queue = queue(audit: 8, info: 4)
        for number in 0..<1000 { _ = queue.offer(info(number)) }
        for number in 0..<8 { #expect(queue.offer(audit(number))) }
        #expect(
            queue.drain() == ["i0", "i1", "i2", "i3"] + (0..<8).map { "a\($0)" } + ["lost 0+996"])
    }

    @Test func `when both lanes overflow one mark tells of both`() {
        let queue = queue(audit: 8, info: 4)
        for number in 0..<50 {
            _ = queue.offer(info(number))
            _ = queue.offer(audit(number))
        }
        let marks = queue.drain().filter { $0.hasPrefix("lost") }
        #expect(marks == ["lost 42+46"])
    }

    @Test func `texts count as well as entries`() {
        var limits = QueueLimits()
        limits.infoBytes = 1000
        let queue = QueueUnderTest(limits)
        let event = Event.tlsHandshakeFailed(
            EventSamples.connection, reason: String(repeating: "r", count: 460), sslError: nil, alert: nil,
            offeredMaximum: nil, serverName: nil)
        #expect(queue.offer(event))
        #expect(queue.offer(event))
        #expect(!queue.offer(event))
    }

    @Test func `an empty lane takes even what is larger than its bytes`() {
        var limits = QueueLimits()
        limits.infoBytes = 1
        let queue = QueueUnderTest(limits)
        #expect(queue.offer(.listenerOpen(address: "0.0.0.0:8443", descriptorName: nil, backlog: 1)))
        #expect(!queue.offer(.listenerOpen(address: "0.0.0.0:8443", descriptorName: nil, backlog: 1)))
        _ = queue.take()
        #expect(queue.offer(.listenerOpen(address: "0.0.0.0:8443", descriptorName: nil, backlog: 1)))
    }
}

/// A reference to a queue, because `#expect` cannot call what changes a value.
private final class QueueUnderTest {
    private var queue: EventQueue

    init(_ limits: QueueLimits) { queue = EventQueue(limits: limits) }

    var count: Int { queue.count }

    func offer(_ event: Event) -> Bool { queue.offer(event) }

    func take() -> EventQueue.Element? { queue.take() }

    func drain() -> [String] {
        var taken: [String] = []
        while let element = take() {
            switch element {
            case .losses(let losses): taken.append("lost \(losses.audit)+\(losses.info)")
            case .event(let event): taken.append((event.kind.isAudit ? "a" : "i") + "\(event.number)")
            }
        }
        return taken
    }
}

extension Event {
    /// An audit event that carries a number and is not aggregated.
    static func listenerAudit(_ number: Int) -> Event {
        .authKeysLoaded(keyIDs: [String(number)], from: "test")
    }

    var number: String {
        for field in [JournalField.kids, .generation] {
            switch self[field] {
            case .text(let text): return text
            case .count(let count): return String(count)
            default: continue
            }
        }
        return "-"
    }
}
