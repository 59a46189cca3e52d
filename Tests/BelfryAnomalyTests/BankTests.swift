import BelfryAnomaly
import BelfryAnomalyLab
import BelfryBytes
import Testing

@Suite struct BankTests {
    /// Feeds ticks of one house and gathers what fires.
    private func fired(
        _ ticks: Range<Int>, _ house: inout House, _ bank: inout DetectorBank,
        change: (Int, inout TickSummary, inout TrafficSketch) -> Void
    ) -> [Alert] {
        ticks.flatMap { tick in
            var (counts, sketch) = house.tick(at: tick * 10)
            change(tick, &counts, &sketch)
            return bank.advance(counts, sketch, at: .at(tick * 10), time: tick * 10).compactMap {
                if case .firing(let alert) = $0 { return alert }
                return nil
            }
        }
    }

    @Test
    func `a million networks and subjects fill no more memory and raise no more than the capped alerts`() {
        var bank = DetectorBank(seed: 7)
        var random = RandomSource(seed: 51)
        var alerts = 0
        for tick in 0..<100 {
            var sketch = TrafficSketch()
            var counts = TickSummary()
            counts.accepts = 10_000
            counts.authAttempts = 10_000
            counts.authFailures = 10_000
            for _ in 0..<10_000 {
                let net = ClientNet(ipv4: UInt32(truncatingIfNeeded: random.bits()))
                let subject = random.bits()
                sketch.accepted(from: net)
                sketch.authFailed(subject, from: net)
                sketch.session(.init(true, subject: subject, token: random.bits(), net: net))
            }
            #expect(sketch.sessions.count == TrafficSketch.sessionLimit)
            alerts += bank.advance(counts, sketch, at: .at(tick * 10), time: tick * 10).count
            #expect(bank.instanceCount < 100)
        }
        #expect(alerts < 100)
        #expect(bank.byteCount < 2 << 20)
    }

    @Test func `a ramp so slow that it is learnt still meets the ceiling`() {
        var bank = DetectorBank(seed: 7)
        var names: Set<AlertName> = []
        for tick in 0..<4_000 {
            var counts = TickSummary()
            counts.authFailures = tick / 4
            counts.authAttempts = counts.authFailures * 2 + 10
            for transition in bank.advance(counts, TrafficSketch(), at: .at(tick * 10), time: tick * 10) {
                names.insert(transition.alert.name)
            }
        }
        #expect(names.contains(.authFailureBurst))
    }

    @Test func `one token in two networks is told when it lasts, with both`() {
        var bank = DetectorBank(seed: 7)
        var log: [(Int, Alert)] = []
        let nets = [ClientNet(ipv4: 0x0A00_0100), ClientNet(ipv4: 0x0A00_0200)]
        for tick in 1...10 {
            var sketch = TrafficSketch()
            if tick <= 2 { sketch.session(.init(true, subject: 5, token: 9, net: nets[tick - 1])) }
            for transition in bank.advance(TickSummary(), sketch, at: .at(tick * 10), time: tick * 10) {
                log.append((tick, transition.alert))
            }
        }
        #expect(log.map(\.0) == [9])
        #expect(log.first?.1.key == .subject(5))
        #expect(Set(log.first?.1.evidence.contributors.map(\.key) ?? []) == Set(nets.map { .clientNet($0) }))
    }

    @Test func `a phone that changes networks twice in half a minute is no thief`() {
        var bank = DetectorBank(seed: 7)
        // Network, tick it is opened, tick it is found dead: three ticks after the next one at most.
        let uses = [(1, 2, 13), (2, 10, 15), (3, 12, 40)].map { (ClientNet(ipv4: $0.0 << 8), $0.1, $0.2) }
        for tick in 1...40 {
            var sketch = TrafficSketch()
            for (net, opens, closes) in uses where tick == opens || tick == closes {
                sketch.session(.init(tick == opens, subject: 5, token: 9, net: net))
            }
            #expect(bank.advance(TickSummary(), sketch, at: .at(tick * 10), time: tick * 10).isEmpty)
        }
    }

    @Test func `deadlines, clock and journal are told at once and by severity`() {
        var bank = DetectorBank(seed: 7)
        var counts = TickSummary()
        counts.certificateLife = 2 * 86_400
        counts.clockStep = -3
        counts.journalLost = 1
        let told = bank.advance(counts, TrafficSketch(), at: .at(10), time: 10).map(\.alert.identity)
        #expect(
            Set(told) == [
                .init(name: .expiryOrClock, key: .item(.certificate), severity: .critical),
                .init(name: .expiryOrClock, key: .item(.clock), severity: .warning),
                .init(name: .auditLoss, key: .none, severity: .critical),
            ])
        counts.clockStep = 0.4
        counts.journalLost = 0
        counts.certificateLife = 20 * 86_400
        #expect(bank.advance(counts, TrafficSketch(), at: .at(20), time: 20).isEmpty)
    }

    @Test func `three failed probes tell of vanished traffic without any learning`() {
        var bank = DetectorBank(seed: 7)
        var counts = TickSummary()
        counts.probe = .failed
        var ticks: [Int] = []
        for tick in 1...6
        where !bank.advance(counts, TrafficSketch(), at: .at(tick * 10), time: tick * 10).isEmpty {
            ticks.append(tick)
        }
        #expect(ticks == [4])
    }

    @Test func `a load that triples within half an hour raises nothing`() {
        var house = House(.globalFlat, seed: 52)
        var bank = DetectorBank(seed: 7)
        let alerts = fired(0..<8_640 * 2 + 600, &house, &bank) { tick, counts, _ in
            let step = min(max(0, tick - 8_640 * 2), 180)
            counts.received += counts.received * 2 * step / 180
            counts.delivered += counts.delivered * 2 * step / 180
        }
        #expect(alerts.isEmpty, "\(alerts.map(\.summary))")
    }

    @Test func `sums of loops are the sum of what the loops saw`() {
        var (whole, one, other) = (TrafficSketch(), TrafficSketch(), TrafficSketch())
        var random = RandomSource(seed: 53)
        for index in 0..<3_000 {
            let net = ClientNet(ipv4: UInt32(random.below(50)) << 8)
            let (subject, room) = (UInt64(random.below(40)), UInt64(random.below(9)))
            whole.accepted(from: net)
            whole.authFailed(subject, from: net)
            whole.sent(by: subject, to: room, recipients: 3)
            if index % 2 == 0 {
                one.accepted(from: net)
                one.authFailed(subject, from: net)
                one.sent(by: subject, to: room, recipients: 3)
            } else {
                other.accepted(from: net)
                other.authFailed(subject, from: net)
                other.sent(by: subject, to: room, recipients: 3)
            }
        }
        one.merge(other)
        #expect(one.accepts.ranking == whole.accepts.ranking)
        #expect(one.deliveries.ranking == whole.deliveries.ranking)
        #expect(
            one.failures.ranking.map(\.distinct).sorted() == whole.failures.ranking.map(\.distinct).sorted())
    }

    @Test func `failed probes are forgotten when there are no more probes`() {
        var bank = DetectorBank(seed: 7)
        var counts = TickSummary()
        counts.received = 5
        counts.probe = .failed
        for tick in 0..<5 { _ = bank.advance(counts, TrafficSketch(), at: .at(tick * 10), time: tick * 10) }
        #expect(bank.firing.map(\.name) == [.trafficVanished])
        counts.probe = .notRun
        for tick in 5..<40 { _ = bank.advance(counts, TrafficSketch(), at: .at(tick * 10), time: tick * 10) }
        #expect(bank.firing.isEmpty)
    }

    @Test func `what is switched off is measured and never raised`() {
        var bank = DetectorBank(seed: 7, off: [.auditLoss])
        var counts = TickSummary()
        counts.journalLost = 3
        #expect(bank.advance(counts, TrafficSketch(), at: .at(0), time: 0).isEmpty)
        #expect(bank.readings[.limits]?.observed == 3)
    }

    @Test func `every signal has a reading after a tick`() {
        var bank = DetectorBank(seed: 7)
        _ = bank.advance(TickSummary(), TrafficSketch(), at: .at(0), time: 0)
        for signal in Signal.allCases { #expect(bank.readings[signal] != nil, "\(signal)") }
    }

    @Test func `a quiet house raises nothing and has learnt in four days`() throws {
        var (bank, alerts) = QuietHouse.learnt(seed: 11)
        #expect(alerts.isEmpty)
        _ = bank.advance(TickSummary(), TrafficSketch(), at: .at(400_000), time: 400_000)
        #expect(bank.readings[.authFailures]?.isLearning == false)
        #expect(bank.readings[.slowConsumers]?.isLearning == false)
    }
}
