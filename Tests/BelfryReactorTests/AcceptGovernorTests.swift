import BelfryBytes
import BelfryReactor
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Accept governor")
struct AcceptGovernorTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)
    private let error = SystemError(.accept, code: EMFILE)

    @Test func `exhaustion pauses at once and tries again within a second`() throws {
        var governor = AcceptGovernor()
        #expect(governor.resumeAt == nil)
        _ = governor.exhausted(error, at: start)
        let resume = try governor.resumeAt.orThrow("not paused")
        #expect(resume > start && resume <= start + .seconds(1))
        #expect(governor.resumeIfDue(at: resume + .nanoseconds(-1)) == false)
        #expect(governor.resumeIfDue(at: resume) == true)
        #expect(governor.resumeIfDue(at: resume) == false)
        #expect(governor.state == .accepting)
    }

    @Test func `an hour without descriptors makes one notice per ten seconds that counts the pauses`() {
        var governor = AcceptGovernor()
        var notices: [AcceptPauseNotice] = []
        for quarter in 0..<14_400 {
            let now = start + .milliseconds(250 * quarter)
            _ = governor.resumeIfDue(at: now)
            if let notice = governor.exhausted(error, at: now) { notices.append(notice) }
        }
        #expect(notices.count == 360)
        #expect(notices.first?.pauseCount == 1)
        #expect(notices.dropFirst().allSatisfy { $0.pauseCount == 40 })
    }

    @Test("a notice's interval", arguments: [(9_999, false), (10_000, true), (10_001, true)])
    func noticeInterval(milliseconds: Int, expected: Bool) {
        var governor = AcceptGovernor()
        #expect(governor.exhausted(error, at: start) != nil)
        #expect((governor.exhausted(error, at: start + .milliseconds(milliseconds)) != nil) == expected)
    }

    @Test(
        "accept(2)'s reasons: want of resources pauses, one connection's fault is passed over",
        arguments: [
            (EMFILE, true), (ENFILE, true), (ENOBUFS, true), (ENOMEM, true), (ECONNABORTED, false),
            (EINTR, false),
            (EPROTO, false), (EPERM, false), (ENETDOWN, false), (EHOSTUNREACH, false), (ETIMEDOUT, false),
        ])
    func reasons(code: Int32, pauses: Bool) {
        let expected = pauses ? AcceptResult.exhausted(SystemError(.accept, code: code)) : .retry
        #expect(AcceptResult(errno: code) == expected)
    }

    @Test func `an empty queue would block`() {
        #expect(AcceptResult(errno: EAGAIN) == .wouldBlock)
    }
}

@Suite("Ready queue")
struct ReadyQueueTests {
    @Test func `a slot stands in it once, however often it asks`() {
        var queue = ReadyQueue()
        let slot = SlotID(index: 3, generation: 1)
        for _ in 0..<100 { queue.append(slot) }
        #expect(queue.count == 1)
        #expect(queue.popFirst() == slot)
        #expect(queue.popFirst() == nil)
        queue.append(slot)
        #expect(queue.count == 1)
    }

    @Test func `the next tenant of a slot is not mistaken for the old one`() {
        var queue = ReadyQueue()
        let old = SlotID(index: 3, generation: 1)
        let new = SlotID(index: 3, generation: 3)
        queue.append(old)
        queue.append(new)
        #expect(queue.popFirst() == old)
        #expect(queue.contains(new) == true, "the old name's turn must not take away the new one's")
        #expect(queue.popFirst() == new)
        #expect(queue.contains(new) == false)
    }

    @Test func `it is first come first served through ten thousand rounds, and does not grow`() {
        var queue = ReadyQueue()
        for index in 0..<2_000 as Range<UInt32> { queue.append(SlotID(index: index, generation: 1)) }
        for round in 0..<20_000 as Range<UInt32> {
            let slot = SlotID(index: round % 2_000, generation: 1)
            #expect(queue.popFirst() == slot)
            queue.append(slot)
        }
        #expect(queue.count == 2_000)
    }
}
