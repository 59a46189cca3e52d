import BelfryBytes
import Testing

@testable import BelfryAnomaly

@Suite struct StandingTests {
    private var bank = DetectorBank(seed: 7, shadow: [.auditLoss], off: [.tokenReplay])
    private var tick = 0

    private mutating func advance(_ ticks: Int = 1, _ change: (inout TickSummary) -> Void) {
        for _ in 0..<ticks {
            tick += 1
            var counts = TickSummary()
            change(&counts)
            _ = bank.advance(counts, TrafficSketch(), at: .at(tick * 10), time: tick * 10)
        }
    }

    private static func burst(_ counts: inout TickSummary) {
        counts.authFailures = 4_000
        counts.authAttempts = 4_000
    }

    private func standing(_ signal: Signal) throws -> DetectorStanding {
        try #require(bank.standings.first { $0.signal == signal })
    }

    @Test func `every detector and every alert stands there from the start`() throws {
        #expect(bank.standings.map(\.signal) == Signal.allCases)
        #expect(Set(bank.standings.flatMap { $0.alerts.map(\.name) }) == Set(AlertName.allCases))
        #expect(bank.standings.allSatisfy { $0.reading == nil && !$0.isJudged })
        for standing in bank.standings {
            #expect(standing.learning == (standing.signal.learns ? .warmingUp : .fixed))
        }
        #expect(try standing(.tokenReplay).alerts.map(\.isOff) == [true])
        #expect(try standing(.limits).alerts.map(\.isShadow) == [true, false])
    }

    @Test mutating func `an alert is pending, fires, clears, and is at rest`() throws {
        advance(1, Self.burst)
        var alert = try #require(try standing(.authFailures).alerts.first)
        #expect(alert.progress.pending == 1 && alert.progress.ticks == 1 && alert.progress.firing == 0)
        advance(1, Self.burst)
        alert = try #require(try standing(.authFailures).alerts.first)
        #expect(alert.progress.firing == 1 && alert.progress.pending == 0 && alert.progress.clearing == 0)
        advance(8) { _ in }
        alert = try #require(try standing(.authFailures).alerts.first)
        #expect(alert.progress.firing == 1 && alert.progress.clearing == 1)
        advance(12) { _ in }
        alert = try #require(try standing(.authFailures).alerts.first)
        #expect(alert.progress == AlertProgress())
    }

    @Test mutating func `a detector whose alert fires is frozen, for an hour at most`() throws {
        advance(400) { $0.received = 1 }
        #expect(try standing(.authFailures).learning == .learning)
        advance(2, Self.burst)
        #expect(try standing(.authFailures).learning == .learning)
        advance(1, Self.burst)
        #expect(try standing(.authFailures).learning == .frozen)
        #expect(try standing(.connectionFlood).learning == .learning)
        advance(359, Self.burst)
        #expect(try standing(.authFailures).learning == .frozen)
        advance(1, Self.burst)
        #expect(try standing(.authFailures).learning == .learning)
        #expect(try standing(.failingSubjects).learning == .fixed)
    }

    @Test mutating func `a score that does not count is shown all the same`() throws {
        advance(400) { $0.accepts = 1 }
        advance { $0.accepts = 40 }
        let flood = try standing(.connectionFlood)
        #expect(!flood.isJudged)
        #expect(try #require(flood.reading).score > 6)
        #expect(bank.readings[.connectionFlood]?.score == 0)
    }

    @Test func `what one judge has not judged another may have`() {
        let reading = Reading(observed: 1, expected: 0, unit: .ratio, score: 3, limit: 6, window: 10)
        var one = SignalReadings()
        one.note(.fanout, reading, isJudged: false)
        var other = SignalReadings()
        other.note(.fanout, reading)
        #expect(one.merging(other).isJudged(.fanout) && !other.merging(one).isJudged(.fanout))
        one.raise(.fanout, reading)
        #expect(one.isJudged(.fanout) && one[.fanout] == reading)
    }
}
