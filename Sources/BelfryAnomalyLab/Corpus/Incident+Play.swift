package import BelfryAnomaly

/// What an incident does to a tick. Rates are per 10 s; an attacker does not scale with the house.
extension Incident {
    /// Share of the traffic that does not arrive.
    package var silence: Double { type == .trafficVanished ? strength.pick(0.5, 1, 1) : 0 }

    package func play(
        at time: Int, in house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch
    ) {
        switch type {
        case .authFailureBurst: hammer(&house, &counts, &sketch)
        case .credentialStuffing: stuff(&house, &counts, &sketch)
        case .distributedStuffing: stuffWidely(&house, &counts, &sketch)
        case .tokenReplay: replay(at: time, &counts, &sketch)
        case .addressChurn: churn(at: time, &counts, &sketch)
        case .connectionFlood: flood(&house, &counts, &sketch)
        case .tlsFailureSpike, .tlsDowngradeProbe: failHandshakes(&house, &counts, &sketch)
        case .messageRateSpike: spam(&house, &counts, &sketch)
        case .fanoutAmplification: amplify(at: time, &house, &counts, &sketch)
        case .slowConsumers: stall(&house, &counts, &sketch)
        case .reconnectStorm: storm(at: time, &house, &counts, &sketch)
        default: shift(&house, &counts)
        }
    }

    private func hammer(_ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        for _ in 0..<house.random.poisson(strength.pick(8, 30, 150)) {
            house.fail(seed &+ UInt64(house.random.below(3)), from: Self.net(seed), &counts, &sketch)
        }
    }

    private func stuff(_ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        for _ in 0..<house.random.poisson(strength.pick(1.5, 6, 30)) {
            house.fail(house.random.bits(), from: Self.net(seed), &counts, &sketch)
        }
    }

    private func stuffWidely(_ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch)
    {
        for _ in 0..<house.random.poisson(strength.pick(1.5, 6, 30)) {
            let net = ClientNet(ipv4: UInt32(truncatingIfNeeded: house.random.bits()))
            house.fail(house.random.bits(), from: net, &counts, &sketch)
        }
    }

    /// The owner comes first, then the thief; both stay.
    private func replay(at time: Int, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        let places = strength.pick(2, 2, 4)
        let isFirst = time == start
        guard isFirst || time >= end - TickSummary.seconds else { return }
        for place in 0..<places {
            let net = ClientNet(ipv4: UInt32(truncatingIfNeeded: seed) &+ UInt32(place) << 16)
            sketch.session(.init(isFirst, subject: seed, token: seed ^ 1, net: net))
            if isFirst { counts.authAttempts += 1 }
        }
    }

    private func churn(at time: Int, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        let step = (time - start) / TickSummary.seconds
        let every = strength.pick(15, 3, 1)
        guard step % every == 0 else { return }
        let net = ClientNet(ipv4: UInt32(truncatingIfNeeded: seed) &+ UInt32(step / every) << 12)
        sketch.session(.init(true, subject: seed, token: seed ^ UInt64(step), net: net))
        sketch.session(.init(false, subject: seed, token: seed ^ UInt64(step), net: net))
        counts.authAttempts += 1
    }

    private func flood(_ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        let count = house.random.poisson(strength.pick(30, 200, 2_000))
        counts.accepts += count
        counts.halfOpen += count
        for _ in 0..<count { sketch.accepted(from: Self.net(seed)) }
    }

    private func failHandshakes(
        _ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch
    ) {
        let isProbe = type == .tlsDowngradeProbe
        let count = house.random.poisson(isProbe ? strength.pick(1, 5, 30) : strength.pick(2, 12, 60))
        counts.accepts += count
        counts.handshakeFailures += count
        if isProbe { counts.legacyOffers += count }
        for _ in 0..<count {
            let net =
                isProbe ? Self.net(seed) : ClientNet(ipv4: UInt32(truncatingIfNeeded: house.random.bits()))
            sketch.accepted(from: net)
            sketch.handshakeFailed(from: net)
            if isProbe { sketch.offeredLegacy(from: net) }
        }
    }

    private func spam(_ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        let own = Double(counts.received)
        let count = house.random.poisson(
            strength.pick(max(40, 0.3 * own), max(250, own), max(1_000, 5 * own)))
        let members = 1 + house.sessions.count / 50
        counts.received += count
        counts.delivered += count * members
        sketch.sent(by: seed, to: house.hash(1_000_010), recipients: members, count: count)
    }

    /// Sleepers join one room, then a few users post there.
    private func amplify(
        at time: Int, _ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch
    ) {
        let members = house.sessions.count / 2 + strength.pick(50, 300, 2_000)
        counts.connections += strength.pick(50, 300, 2_000)
        let count = house.random.poisson(strength.pick(0.1, 0.5, 1) * Double(counts.received) + 30)
        for share in 0..<10 {
            let posts = count / 10 + (share < count % 10 ? 1 : 0)
            counts.received += posts
            counts.delivered += posts * members
            sketch.sent(by: seed &+ UInt64(share), to: seed, recipients: members, count: posts)
        }
    }

    private func stall(_ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        let share = strength.pick(0.02, 0.15, 0.5)
        let count = max(strength.pick(2, 6, 8), Int(share * Double(house.sessions.count)))
        counts.slowConsumers += count
        for _ in 0..<count {
            let bytes = 100_000 + house.random.below(200_000)
            counts.queuedBytes += bytes
            sketch.isSlow(from: Self.net(seed), bytes: bytes)
        }
        counts.connections = max(counts.connections, counts.slowConsumers)
    }

    /// All are thrown out and come back at once; badly written clients do so again a minute later.
    private func storm(
        at time: Int, _ house: inout House, _ counts: inout TickSummary, _ sketch: inout TrafficSketch
    ) {
        guard (time - start) % 60 < 30 else { return }
        let count = Int(strength.pick(0.03, 0.17, 0.5) * Double(house.sessions.count))
        for _ in 0..<count {
            let index = house.random.below(house.sessions.count)
            let session = house.sessions[index]
            house.leave(index, &sketch)
            house.arrive(session, &counts, &sketch)
        }
    }

    private func shift(_ house: inout House, _ counts: inout TickSummary) {
        switch type {
        case .deliveryLatencyShift:
            counts.deliveryP50 *= strength.pick(1.2, 1.7, 5)
            counts.deliveryP99 *= strength.pick(1.2, 1.7, 5)
        case .errorRatioShift:
            let own = Double(counts.received)
            counts.rejected += house.random.poisson(
                strength.pick(0.03 * own, max(15, 0.2 * own), max(60, own)))
        case .limiterSaturation:
            let share = strength.pick(0.03, 0.2, 0.6)
            counts.throttledUsers = min(
                counts.activeUsers,
                counts.throttledUsers + house.random.poisson(share * Double(counts.activeUsers)))
        case .trafficVanished:
            if strength == .strong { counts.probe = .failed }
        default: break
        }
    }
}
