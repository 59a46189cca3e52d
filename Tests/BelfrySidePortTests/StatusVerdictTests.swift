import BelfryObserve
import Testing

@testable import BelfrySidePort

@Suite("Whether all is well") struct StatusVerdictTests {
    private static func verdict(
        _ change: (MetricRegistry) -> Void = { _ in }, facts: (inout StatusFacts) -> Void = { _ in }
    ) throws -> StatusVerdict {
        let registry = StatusFixture.registry()
        change(registry)
        return try StatusFixture.report(registry, StatusFixture.facts(facts)).verdict
    }

    @Test func `nothing to say is said`() throws {
        let verdict = try Self.verdict()
        #expect(verdict.level == .ok && verdict.text == "All is well" && verdict.reasons.isEmpty)
    }

    @Test func `the gravest stands first, and all are told`() throws {
        let verdict = try Self.verdict {
            $0.shared.set(.slowConsumers, to: 2)
        } facts: {
            $0.alerts = [
                .init(name: "SlowConsumers", severity: "warning", count: 1),
                .init(name: "TokenReplay", severity: "critical", count: 2),
                .init(name: "ConnectionFlood", severity: "critical", count: 1),
                .init(name: "TlsDowngradeProbe", severity: "info", count: 1),
            ]
        }
        #expect(verdict.level == .critical)
        #expect(
            verdict.reasons.map(\.text) == [
                "3 critical alerts fire: TokenReplay, ConnectionFlood",
                "1 warning alert fires: SlowConsumers",
                "1 alert for information fires: TlsDowngradeProbe", "2 clients read too slowly",
            ])
    }

    @Test(arguments: [
        (15, StatusVerdict.Level.ok, ""), (14, .warning, "ends in 14 days"), (4, .warning, "ends in 4 days"),
        (3, .critical, "ends in 3 days"), (1, .critical, "ends in 1 day"), (0, .critical, "ends in 0 days"),
        (-1, .critical, "has expired"),
    ])
    func `a certificate is told of from two weeks before its end`(
        days: Int64, level: StatusVerdict.Level, words: String
    ) throws {
        let verdict = try Self.verdict(facts: {
            $0.certificates = [.init(name: "chat.example", notAfter: 1_700_000_000 + days * 86_400 + 10)]
        })
        #expect(verdict.level == level)
        #expect(verdict.text == (level == .ok ? "All is well" : "The certificate of chat.example \(words)"))
    }

    @Test(arguments: [
        (ServiceState.starting, StatusVerdict.Level.notice, "The relay is starting"),
        (.draining, .notice, "Draining: 7 connections left, and nobody new is let in"),
        (.overloaded, .warning, "Overloaded: new work is turned away"),
    ])
    func `a relay that does not serve says so`(
        state: ServiceState, level: StatusVerdict.Level, text: String
    ) throws {
        let verdict = try Self.verdict {
            $0.state = state
            $0.shared.set(.connectionsOpen(.active), to: 7)
        }
        #expect(verdict.level == level && verdict.text == text)
    }

    @Test func `a loop that stands still and a store that refuses are grave`() throws {
        let verdict = try Self.verdict(facts: {
            $0.health = HealthReport(loops: [.init(name: "loop-1", sinceLastTick: .seconds(7))])
            $0.store = .init(path: "/var/lib/belfry/history.db", failure: "no room on the disk")
            $0.journal.route = "nowhere"
        })
        #expect(verdict.level == .critical)
        #expect(
            verdict.reasons.map(\.text) == [
                "loop-1 has stood still for 7 s", "The store refuses changes: no room on the disk",
                "Journal entries go nowhere: journald is absent",
            ])
    }

    /// Two looks a second apart, the change between them.
    private static func verdictAfter(_ change: (MetricShard) -> Void) throws -> StatusVerdict {
        let keeper = StatusKeeper(uid: "ab")
        let registry = StatusFixture.registry()
        keeper.take(registry.snapshot(), StatusFixture.facts(), at: .seconds(1))
        registry.shared.update(change)
        keeper.take(registry.snapshot(), StatusFixture.facts(), at: .seconds(2))
        return try #require(keeper.report).verdict
    }

    @Test func `a probe that always fails is grave, and one that sometimes does is not`() throws {
        let always = try Self.verdictAfter { $0.add(1, to: .selfprobes(.timeout)) }
        #expect(always.level == .critical && always.text.contains("self-probe"))
        let sometimes = try Self.verdictAfter {
            $0.add(1, to: .selfprobes(.timeout))
            $0.add(1, to: .selfprobes(.passed))
        }
        #expect(sometimes.level == .ok)
    }

    @Test func `lost entries and dropped messages are told while they are lost`() throws {
        let verdict = try Self.verdictAfter {
            $0.add(3, to: .journalDropped(.queueFull))
            $0.add(5, to: .messagesDropped(.slow))
        }
        #expect(
            verdict.reasons.map(\.text) == [
                "3 journal entries lost in the last minute", "Messages are dropped: 5.0 a second",
            ])
    }

    @Test func `a limit that is nearly reached is told`() throws {
        let verdict = try Self.verdict {
            $0.shared.set(.connectionsLimit, to: 100)
            $0.shared.set(.connectionsOpen(.auth), to: 90)
        }
        #expect(verdict.text == "Connections are nearly used up: 90 of 100")
    }
}
