import BelfryBytes
import BelfryReactor
import Testing

@Suite("Timer wheel")
struct TimerWheelTests {
    static let origin = Instant(nanoseconds: 5_000_000_123)
    static let step = Duration.milliseconds(10)

    /// Everything that is due, in the order it fires.
    private func expire(_ wheel: inout TimerWheel, at now: Instant, limit: Int = .max) -> [UInt64] {
        var budget = limit
        var targets: [UInt64] = []
        while let timer = wheel.popExpired(at: now, budget: &budget) { targets.append(timer.payload.target) }
        return targets
    }

    @Test(
        "a timer fires at its deadline or up to one step later, never before",
        arguments: [
            0, 1, 9_999_999, 10_000_000, 10_000_001, 639_999_999, 640_000_000, 640_000_001, 40_960_000_000,
            2_621_440_000_001, 167_772_160_000_000, 20_000_000_000_000_000,
        ] as [Int64])
    func punctuality(delay: Int64) {
        var wheel = TimerWheel(origin: Self.origin)
        let deadline = Self.origin + .nanoseconds(delay)
        wheel.arm(TimerPayload(target: 1, kind: 0), at: deadline)
        if delay > 0 { #expect(expire(&wheel, at: deadline + .nanoseconds(-1)) == []) }
        #expect(expire(&wheel, at: deadline + Self.step) == [1])
        #expect(wheel.count == 0)
    }

    @Test func `timers fire in the order of their deadlines, and equal ones armed together in that order`() {
        var wheel = TimerWheel(origin: Self.origin)
        for (target, milliseconds) in [(1, 5_000), (2, 30), (3, 5_000), (4, 700), (5, 30), (6, 45_000)] {
            wheel.arm(
                TimerPayload(target: UInt64(target), kind: 0), at: Self.origin + .milliseconds(milliseconds))
        }
        #expect(expire(&wheel, at: Self.origin + .seconds(60)) == [2, 5, 4, 1, 3, 6])
    }

    @Test func `a deadline in the past is due at once`() {
        var wheel = TimerWheel(origin: Self.origin)
        wheel.arm(TimerPayload(target: 1, kind: 0), at: Instant(nanoseconds: 0))
        #expect(expire(&wheel, at: Self.origin) == [1])
        _ = expire(&wheel, at: Self.origin + .seconds(100))
        wheel.arm(TimerPayload(target: 2, kind: 0), at: Self.origin + .seconds(3))
        #expect(expire(&wheel, at: Self.origin + .seconds(100)) == [2])
    }

    @Test func `a cancelled timer does not fire, and its name is stale afterwards`() {
        var wheel = TimerWheel(origin: Self.origin)
        let first = wheel.arm(TimerPayload(target: 1, kind: 0), at: Self.origin + .seconds(1))
        #expect(wheel.cancel(first) == true)
        #expect(wheel.cancel(first) == false)
        let second = wheel.arm(TimerPayload(target: 2, kind: 0), at: Self.origin + .seconds(1))
        #expect(wheel.cancel(first) == false, "the old name must not reach the new timer in its place")
        #expect(expire(&wheel, at: Self.origin + .seconds(2)) == [2])
        #expect(wheel.cancel(second) == false, "it has fired")
        #expect(wheel.cancel(.none) == false)
        #expect(wheel.nextDeadline == nil)
    }

    @Test func `a budget bounds what fires and what moves, and nothing is lost`() {
        var wheel = TimerWheel(origin: Self.origin)
        for target in 0..<1_000 as Range<UInt64> {
            wheel.arm(
                TimerPayload(target: target, kind: 0),
                at: Self.origin + .seconds(2) + .microseconds(Int(target)))
        }
        let late = Self.origin + .seconds(10)
        var fired: [UInt64] = []
        var calls = 0
        while wheel.count > 0 {
            let some = expire(&wheel, at: late, limit: 100)
            #expect(some.count <= 100)
            fired += some
            calls += 1
            if let next = wheel.nextDeadline {
                #expect(next <= late, "work is left: the loop must not sleep")
            }
        }
        #expect(fired == Array(0..<1_000))
        #expect(calls >= 10)
    }

    @Test func `a slot that is half moved down when time runs out loses and delays nothing`() {
        var wheel = TimerWheel(origin: Self.origin)
        // All in one level-2 slot; the budget ends in the middle of its cascade.
        for target in 0..<500 as Range<UInt64> {
            wheel.arm(
                TimerPayload(target: target, kind: 0),
                at: Self.origin + .milliseconds(41_000 + Int(target) * 20))
        }
        var fired: [UInt64] = []
        var now = Self.origin
        while wheel.count > 0, now < Self.origin + .seconds(60) {
            now = now + Self.step
            fired += expire(&wheel, at: now, limit: 37)
            // New timers must find their place although the cascade is unfinished.
            let id = wheel.arm(TimerPayload(target: 9_999, kind: 0), at: now + .seconds(30))
            wheel.cancel(id)
        }
        #expect(fired == Array(0..<500))
    }

    @Test func `an unreachable deadline never fires and never overflows`() {
        var wheel = TimerWheel(origin: Self.origin)
        wheel.arm(TimerPayload(target: 1, kind: 0), at: Instant(nanoseconds: .max))
        #expect(expire(&wheel, at: Self.origin + .seconds(86_400 * 365 * 20)) == [])
        #expect(wheel.count == 1)
        #expect(wheel.nextDeadline != nil)
    }

    @Test func `a timer armed by a timer for now is bounded by the budget, not endless`() {
        var wheel = TimerWheel(origin: Self.origin)
        wheel.arm(TimerPayload(target: 1, kind: 0), at: Self.origin)
        var budget = 50
        var count = 0
        while let timer = wheel.popExpired(at: Self.origin, budget: &budget) {
            wheel.arm(timer.payload, at: Self.origin)
            count += 1
        }
        #expect(count == 50)
    }

    @Test("a random life agrees with a sorted list", arguments: [1, 2, 3] as [UInt64])
    func agreesWithModel(seed: UInt64) {
        var random = TestRandom(state: seed)
        var wheel = TimerWheel(origin: Self.origin)
        var model: [UInt64: (deadline: Instant, id: TimerID)] = [:]
        var now = Self.origin
        var next: UInt64 = 0
        for _ in 0..<3_000 {
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let exponent = Int.random(in: 0...14, using: &random)
                let deadline =
                    now + .nanoseconds(Int64(UInt64.random(in: 0..<(1 << (20 + exponent)), using: &random)))
                model[next] = (deadline, wheel.arm(TimerPayload(target: next, kind: 1), at: deadline))
                next += 1
            }
            if Bool.random(using: &random), let victim = model.keys.sorted().randomElement(using: &random) {
                let id = model.removeValue(forKey: victim)?.id ?? .none
                #expect(wheel.cancel(id) == true)
            }
            if let deadline = wheel.nextDeadline, let earliest = model.values.map(\.deadline).min() {
                #expect(deadline <= earliest + Self.step, "seed \(seed): the loop would oversleep")
            }
            now = now + .nanoseconds(Int64(UInt64.random(in: 0..<(1 << 28), using: &random)))
            for target in expire(&wheel, at: now) {
                guard let armed = model.removeValue(forKey: target) else {
                    Issue.record("seed \(seed): \(target) fired twice or after its cancellation")
                    continue
                }
                #expect(armed.deadline <= now, "seed \(seed): early")
            }
            let overdue = model.values.filter { $0.deadline + Self.step <= now }
            #expect(overdue.isEmpty, "seed \(seed): late by more than a step")
            #expect(wheel.count == model.count)
        }
    }

    @Test func `a sleeper who obeys nextDeadline wakes at most six times for a far timer`() {
        var wheel = TimerWheel(origin: Self.origin)
        wheel.arm(TimerPayload(target: 1, kind: 0), at: Self.origin + .seconds(86_400))
        var wakes = 0
        var fired: [UInt64] = []
        while fired.isEmpty, let deadline = wheel.nextDeadline, wakes < 100 {
            wakes += 1
            fired = expire(&wheel, at: deadline)
        }
        #expect(fired == [1])
        #expect(wakes <= 6)
    }

    @Test func `a hundred thousand timers come and go`() {
        var wheel = TimerWheel(origin: Self.origin)
        var ids: [TimerID] = []
        for target in 0..<100_000 as Range<UInt64> {
            let delay = Duration.milliseconds(Int(target % 25_000))
            ids.append(wheel.arm(TimerPayload(target: target, kind: 0), at: Self.origin + delay))
        }
        for id in ids[..<50_000] { wheel.cancel(id) }
        #expect(expire(&wheel, at: Self.origin + .seconds(30)).count == 50_000)
    }
}
