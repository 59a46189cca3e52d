import BelfryAnomaly
import BelfryBytes
import Testing

@Suite struct AlertTests {
    private func finding(
        _ name: AlertName = .tokenReplay, key: AlertKey = .none, _ level: Finding.Level = .fires,
        observed: Double = 2
    ) -> Finding {
        let reading = Reading(
            observed: observed, expected: 1, unit: .prefixes, score: 9, limit: 6, window: 60)
        return Finding(name, key: key, level: level, evidence: AlertEvidence(reading))
    }

    private func names(_ transitions: [AlertTransition]) -> [String] {
        transitions.map {
            switch $0 {
            case .firing(let alert): "firing \(alert.name.rawValue)"
            case .resolved(let alert): "resolved \(alert.name.rawValue)"
            }
        }
    }

    @Test func `the fingerprint is the one that Alertmanager computed`() {
        let labels = [
            "alertname": "AuthFailureBurst", "client_net": "203.0.113.0/24", "instance": "relay1",
            "severity": "critical",
        ]
        #expect(AlertFingerprint.of(labels) == 0x7FBE_74E0_FDBE_023B)
        let evidence = finding(.authFailureBurst).evidence
        let net = AlertKey.clientNet(ClientNet(ipv4: 0xCB00_712A))
        let alert = Alert(
            identity: .init(name: .authFailureBurst, key: net, severity: .critical), since: .at(0),
            evidence: evidence)
        #expect(alert.labels(instance: "relay1") == labels)
        #expect(alert.fingerprint(instance: "relay1") == 0x7FBE_74E0_FDBE_023B)
    }

    @Test func `a condition must be true as often in a row as its name asks`() {
        var lifecycle = AlertLifecycle()
        #expect(lifecycle.advance([finding(.slowConsumers)], at: .at(0)).isEmpty)
        #expect(lifecycle.advance([finding(.slowConsumers)], at: .at(10)).isEmpty)
        #expect(lifecycle.advance([], at: .at(20)).isEmpty)
        #expect(lifecycle.advance([finding(.slowConsumers)], at: .at(30)).isEmpty)
        #expect(lifecycle.advance([finding(.slowConsumers)], at: .at(40)).isEmpty)
        #expect(names(lifecycle.advance([finding(.slowConsumers)], at: .at(50))) == ["firing SlowConsumers"])
        #expect(lifecycle.advance([finding(.slowConsumers)], at: .at(60)).isEmpty)
    }

    @Test func `it resolves once when it was false for the hold-down`() {
        var lifecycle = AlertLifecycle()
        #expect(names(lifecycle.advance([finding()], at: .at(0))) == ["firing TokenReplay"])
        for second in stride(from: 10, to: 70, by: 10) {
            #expect(lifecycle.advance([], at: .at(second)).isEmpty, "\(second)")
        }
        #expect(names(lifecycle.advance([], at: .at(70))) == ["resolved TokenReplay"])
        #expect(lifecycle.advance([], at: .at(80)).isEmpty)
        #expect(lifecycle.firing.isEmpty)
    }

    @Test func `between the levels an alert stays and none begins`() {
        var lifecycle = AlertLifecycle()
        #expect(lifecycle.advance([finding(.holds)], at: .at(0)).isEmpty)
        _ = lifecycle.advance([finding()], at: .at(10))
        for second in stride(from: 20, to: 400, by: 10) {
            #expect(lifecycle.advance([finding(.holds)], at: .at(second)).isEmpty)
        }
        #expect(lifecycle.firing.count == 1)
    }

    private func finding(_ level: Finding.Level) -> Finding { finding(.tokenReplay, level) }

    @Test func `the third change within half an hour makes it stay until a quarter is quiet`() {
        var lifecycle = AlertLifecycle()
        var log: [String] = []
        for second in stride(from: 0, to: 3_000, by: 10) {
            let isTrue = second < 10 || 200..<210 ~= second || 400..<410 ~= second
            log += names(lifecycle.advance(isTrue ? [finding()] : [], at: .at(second))).map {
                "\(second) \($0)"
            }
        }
        #expect(
            log == [
                "0 firing TokenReplay", "70 resolved TokenReplay", "200 firing TokenReplay",
                "1310 resolved TokenReplay",
            ])
    }

    @Test func `twenty keys have alerts of their own and all others share one`() {
        var lifecycle = AlertLifecycle()
        let findings = (0..<5_000 as Range<UInt32>).map {
            finding(.credentialStuffing, key: .clientNet(ClientNet(ipv4: $0 << 8)))
        }
        let first = lifecycle.advance(findings, at: .at(0))
        #expect(first.count == AlertLifecycle.keyLimit + 1)
        #expect(first.count { $0.alert.key == .many(.clientNet) } == 1)
        for second in stride(from: 10, to: 2_000, by: 10) {
            #expect(lifecycle.advance(findings.shuffled(), at: .at(second)).isEmpty)
            #expect(lifecycle.instanceCount <= AlertLifecycle.keyLimit + 1)
        }
    }

    @Test func `ever new keys leave a bounded memory`() {
        var lifecycle = AlertLifecycle()
        for tick in 0..<3_000 {
            let findings = (0..<40).map { finding(.addressChurn, key: .subject(UInt64(tick * 40 + $0))) }
            _ = lifecycle.advance(findings, at: .at(tick * 10))
            #expect(lifecycle.instanceCount <= 18 * 64 + 41)
        }
    }

    @Test func `a shadow alert is told as one`() {
        var lifecycle = AlertLifecycle(shadow: [.tokenReplay])
        #expect(lifecycle.advance([finding()], at: .at(0)).first?.alert.isShadow == true)
    }

    @Test func `an alert that goes into the shadow ends as what it was and begins as what it is`() {
        var lifecycle = AlertLifecycle()
        _ = lifecycle.advance([finding()], at: .at(0))
        let told = lifecycle.change(shadow: [.tokenReplay], off: [])
        #expect(names(told) == ["resolved TokenReplay", "firing TokenReplay"])
        #expect(told.map(\.alert.isShadow) == [false, true])
        #expect(told.map(\.alert.since) == [.at(0), .at(0)])
        #expect(lifecycle.change(shadow: [.tokenReplay], off: []).isEmpty)
        #expect(lifecycle.change(shadow: [], off: []).map(\.alert.isShadow) == [true, false])
        #expect(lifecycle.advance([finding()], at: .at(10)).isEmpty)
    }

    @Test func `an alert that is switched off ends, and one that waited is forgotten`() {
        var lifecycle = AlertLifecycle()
        _ = lifecycle.advance([finding(), finding(.slowConsumers)], at: .at(0))
        let told = lifecycle.change(shadow: [], off: [.tokenReplay, .slowConsumers])
        #expect(names(told) == ["resolved TokenReplay"])
        #expect(lifecycle.firing.isEmpty && lifecycle.instanceCount == 0)
    }

    @Test func `an alert keeps its peak and its latest numbers`() {
        var lifecycle = AlertLifecycle()
        for (tick, observed) in [2.0, 9, 3].enumerated() {
            _ = lifecycle.advance([finding(observed: observed)], at: .at(tick * 10))
        }
        #expect(lifecycle.firing.first?.peak == 9)
        #expect(lifecycle.firing.first?.evidence.reading.observed == 3)
    }

    @Test func `every alert has a name, a runbook, a signal and a symptom of its own`() {
        #expect(AlertName.allCases.count == 18)
        #expect(Signal.allCases.count == 16)
        #expect(Set(AlertName.allCases.map(\.signal)) == Set(Signal.allCases))
        #expect(Set(AlertName.allCases.map(\.runbook)).count == 18)
        #expect(Set(AlertName.allCases.map(\.symptom)).count == 18)
    }

    @Test func `networks read as operators write them`() {
        #expect(ClientNet(ipv4: 0xCB00_712A).description == "203.0.113.0/24")
        #expect(ClientNet(ipv6Prefix: 0x2001_0DB8_0001_0002).description == "2001:db8:1::/48")
        #expect(AlertKey.subject(0x7F).label?.value == "000000000000007f")
    }

    @Test func `a summary says what, whom, how much and what is usual`() {
        let reading = Reading(
            observed: 61, expected: 3, unit: .subjects, score: 61, limit: 12, window: 60)
        let alert = Alert(
            identity: .init(
                name: .credentialStuffing, key: .clientNet(ClientNet(ipv4: 0xCB00_7100)), severity: .critical),
            since: .at(0), evidence: AlertEvidence(reading))
        let text =
            "Many subjects fail from one network (client_net 203.0.113.0/24): 61 subjects over 60 s; usual is 3"
        #expect(alert.summary == text)
    }
}
