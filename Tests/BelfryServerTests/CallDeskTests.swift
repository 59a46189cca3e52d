import BelfryBytes
import Synchronization
import Testing

@testable import BelfryServer

@Suite struct CallDeskTests {
    /// What was delivered to a call.
    private final class Caller: Sendable {
        let heard = Mutex<[[Int?]]>([])
        var answers: [[Int?]] { heard.withLock { $0 } }
    }

    private func open(_ desk: CallDesk<Int>, _ count: Int, until seconds: Int = 10) -> (UInt64?, Caller) {
        let caller = Caller()
        let number = desk.open(count, until: time(seconds)) { answers in
            caller.heard.withLock { $0.append(answers) }
        }
        return (number, caller)
    }

    private func time(_ seconds: Int) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    @Test func `answers come together, once, in the order of the questions`() throws {
        let desk = CallDesk<Int>(pendingMax: 10)
        let (number, caller) = open(desk, 3)
        let first = try #require(number)
        desk.answer(first + 2, 30)
        desk.answer(first, 10)
        desk.answer(first, 99)
        #expect(caller.answers.isEmpty && desk.pendingCount == 1)
        desk.answer(first + 1, nil)
        #expect(caller.answers == [[10, nil, 30]] && desk.pendingCount == 0)
        desk.answer(first + 1, 20)
        desk.expire(at: time(100))
        #expect(caller.answers.count == 1)
    }

    @Test func `a call whose time is over is delivered with what has come`() throws {
        let desk = CallDesk<Int>(pendingMax: 10)
        let (number, caller) = open(desk, 2, until: 10)
        let (_, later) = open(desk, 1, until: 11)
        desk.answer(try #require(number), 1)
        desk.expire(at: time(9))
        #expect(caller.answers.isEmpty)
        desk.expire(at: time(10))
        #expect(caller.answers == [[1, nil]] && later.answers.isEmpty && desk.pendingCount == 1)
        desk.answer(try #require(number) + 1, 2)
        #expect(caller.answers.count == 1)
        desk.expire(at: time(11))
        #expect(later.answers == [[nil]] && desk.pendingCount == 0)
    }

    @Test func `too many questions are refused, and room comes back with answers`() throws {
        let desk = CallDesk<Int>(pendingMax: 2)
        let (number, _) = open(desk, 2)
        let (refused, caller) = open(desk, 1)
        #expect(refused == nil && caller.answers.isEmpty)
        desk.answer(try #require(number), 1)
        #expect(open(desk, 1).0 != nil)
    }

    @Test func `a late answer never reaches another call`() throws {
        let desk = CallDesk<Int>(pendingMax: 10)
        let (number, _) = open(desk, 1, until: 1)
        desk.expire(at: time(1))
        let (next, caller) = open(desk, 1, until: 2)
        #expect(next != number)
        desk.answer(try #require(number), 1)
        #expect(caller.answers.isEmpty)
    }
}
