import BelfryReactor
import Synchronization
import Testing

private final class CountingWaker: Waker {
    private let total = Atomic<Int>(0)
    var count: Int { total.load(ordering: .relaxed) }
    func wake() { total.wrappingAdd(1, ordering: .relaxed) }
}

@Suite("Mailbox")
struct MailboxTests {
    private let waker = CountingWaker()

    private func drained(_ box: Mailbox<Int>) -> [Int] {
        var inbox: [Int] = []
        box.drain(into: &inbox)
        return inbox
    }

    @Test func `messages come out in the order they went in`() {
        let box = Mailbox<Int>(capacity: 10, waker: waker)
        _ = box.post(1)
        _ = box.post(contentsOf: [2, 3])
        var outbox = [4, 5]
        #expect(box.post(draining: &outbox) == .posted)
        #expect(outbox.isEmpty)
        #expect(drained(box) == [1, 2, 3, 4, 5])
        #expect(drained(box) == [])
    }

    @Test func `only the first post to a sleeper wakes it`() {
        let box = Mailbox<Int>(capacity: 10, waker: waker)
        _ = box.post(1)
        #expect(waker.count == 0, "nobody sleeps: the loop looks into the box anyway")
        #expect(!box.beginSleep(), "messages wait: it must not sleep")
        _ = drained(box)
        #expect(box.beginSleep())
        _ = box.post(2)
        _ = box.post(contentsOf: [3, 4])
        #expect(waker.count == 1)
        _ = drained(box)
        _ = box.post(5)
        #expect(waker.count == 1)
    }

    @Test func `a consumer that drains is awake, and is not woken again`() {
        let box = Mailbox<Int>(capacity: 10, waker: waker)
        #expect(box.beginSleep())
        _ = drained(box)
        _ = box.post(1)
        #expect(waker.count == 0)
    }

    @Test func `an empty batch wakes nobody`() {
        let box = Mailbox<Int>(capacity: 10, waker: waker)
        #expect(box.beginSleep())
        #expect(box.post(contentsOf: []) == .posted)
        #expect(waker.count == 0)
    }

    @Test func `a full box takes nothing more and says how much it took`() {
        let box = Mailbox<Int>(capacity: 3, waker: waker)
        #expect(box.post(contentsOf: [1, 2]) == .posted)
        var outbox = [3, 4, 5]
        #expect(box.post(draining: &outbox) == .full(accepted: 1))
        #expect(outbox == [4, 5])
        #expect(box.post(6) == .full(accepted: 0))
        #expect(drained(box) == [1, 2, 3])
        #expect(box.post(draining: &outbox) == .posted)
    }

    @Test(
        "a batch around the capacity",
        arguments: [(2, PostResult.posted), (3, .posted), (4, .full(accepted: 3))])
    func batch(count: Int, expected: PostResult) {
        let box = Mailbox<Int>(capacity: 3, waker: waker)
        #expect(box.post(contentsOf: Array(0..<count)) == expected)
        #expect(box.count == min(count, 3))
    }

    @Test func `a closed box refuses, but gives out what it had`() {
        let box = Mailbox<Int>(capacity: 3, waker: waker)
        _ = box.post(1)
        box.close()
        #expect(box.post(2) == .closed)
        var outbox = [3]
        #expect(box.post(draining: &outbox) == .closed)
        #expect(outbox == [3])
        #expect(drained(box) == [1])
    }

    @Test func `no message of four threads is lost, doubled or overtaken`() throws {
        let kernel = try LinuxKernel()
        let box = Mailbox<Int>(capacity: 1_000_000, waker: kernel.waker)
        let producers = 4
        let each = 20_000
        var received = [[Int]](repeating: [], count: producers)
        for producer in 0..<producers {
            _ = try RunningThread.start(named: "producer") {
                var outbox: [Int] = []
                for number in 0..<each {
                    if number % 3 == 0 {
                        _ = box.post(producer * each + number)
                    } else {
                        outbox = [producer * each + number]
                        _ = box.post(draining: &outbox)
                    }
                }
            }
        }
        var inbox: [Int] = []
        // A lost wake-up would hang here: the sleep has no end of its own.
        while received.reduce(0, { $0 + $1.count }) < producers * each {
            if box.beginSleep() { _ = kernel.wait(until: nil) }
            box.drain(into: &inbox)
            for value in inbox { received[value / each].append(value % each) }
            inbox.removeAll(keepingCapacity: true)
        }
        for numbers in received { #expect(numbers == Array(0..<each)) }
    }
}
