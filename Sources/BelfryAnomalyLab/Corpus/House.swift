package import BelfryAnomaly

/// A relay's ordinary life, tick by tick: people come and go, talk, mistype, change networks.
package struct House: Sendable {
    package struct Session: Sendable {
        package var subject: UInt64
        package var token: UInt64
        package var net: ClientNet
        /// Tick at which an abandoned connection is noticed to be dead; 0 for a living one.
        package var endsAt = 0
    }

    package let shape: TrafficShape
    package internal(set) var random: RandomSource
    package internal(set) var sessions: [Session] = []
    private var dying: [Session] = []
    private var deploys: [Session] = []
    private var drift = 0.0
    private var latencyNoise = 0.0
    private var tick = 0
    private let salt: UInt64

    package init(_ shape: TrafficShape, seed: UInt64) {
        self.shape = shape
        random = RandomSource(seed: seed)
        salt = random.bits()
    }

    /// One tick of traffic, which incidents change afterwards.
    ///
    /// - Parameters:
    ///   - time: Seconds from midnight of a Thursday.
    ///   - silence: Share of the traffic that does not arrive.
    /// - Returns: What the loops of this relay would hand over.
    package mutating func tick(at time: Int, silence: Double = 0) -> (TickSummary, TrafficSketch) {
        tick += 1
        drift += (random.normal() * 0.15 - drift) / 360 * 6
        let load = shape.load(at: time) * RealMath.exp(drift) * (1 - silence)
        var counts = TickSummary()
        counts.probe = .passed
        var sketch = TrafficSketch()
        comeAndGo(load, time, &counts, &sketch)
        authenticate(time, &counts, &sketch)
        talk(load, &counts, &sketch)
        strain(load, &counts, &sketch)
        return (counts, sketch)
    }

    package func subject(_ user: Int) -> UInt64 { hash(UInt64(user) &+ 1) }
    package func hash(_ value: UInt64) -> UInt64 {
        var source = RandomSource(seed: value ^ salt)
        return source.bits()
    }

    /// The network of a user; a share of them sits behind one address.
    package func home(_ subject: UInt64) -> ClientNet {
        let share = Double(subject >> 11) * 0x1p-53
        return share < shape.behindOneNet
            ? ClientNet(ipv4: 0xC633_6401) : ClientNet(ipv4: UInt32(truncatingIfNeeded: subject))
    }

    private mutating func comeAndGo(
        _ load: Double, _ time: Int, _ counts: inout TickSummary, _ sketch: inout TrafficSketch
    ) {
        let wanted = 0.6 * Double(shape.users) * load
        // A session lasts an hour; a gap between wanted and present closes within five minutes.
        let gap = wanted - Double(sessions.count)
        let turnover = Double(sessions.count) / 360
        for _ in 0..<random.poisson(turnover + max(0, gap) / 30) { arrive(nil, &counts, &sketch) }
        for _ in 0..<min(sessions.count, random.poisson(turnover + max(0, -gap) / 30)) {
            leave(random.below(sessions.count), &sketch)
        }
        changeNetworks(&counts, &sketch)
        deploy(time, &counts, &sketch)
        for session in dying where session.endsAt <= tick { end(session, &sketch) }
        dying.removeAll { $0.endsAt <= tick }
        counts.connections = sessions.count
    }

    /// A user connects: the one given, or anybody.
    package mutating func arrive(
        _ known: Session?, _ counts: inout TickSummary, _ sketch: inout TrafficSketch
    ) {
        let subject = self.subject(random.rank(of: shape.users * 4))
        let session =
            known ?? Session(subject: subject, token: hash(subject &+ random.bits()), net: home(subject))
        sessions.append(session)
        counts.accepts += 1
        counts.handshakes += 1
        counts.authAttempts += 1
        sketch.accepted(from: session.net)
        sketch.session(.init(true, subject: session.subject, token: session.token, net: session.net))
    }

    package mutating func leave(_ index: Int, _ sketch: inout TrafficSketch) {
        let session = sessions.remove(swapping: index)
        end(session, &sketch)
    }

    private func end(_ session: Session, _ sketch: inout TrafficSketch) {
        sketch.session(.init(false, subject: session.subject, token: session.token, net: session.net))
    }

    /// From home to the street: the new connection is there before the old one is known to be dead.
    private mutating func changeNetworks(_ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        for _ in 0..<random.poisson(Double(sessions.count) / 2_000) where !sessions.isEmpty {
            var old = sessions.remove(swapping: random.below(sessions.count))
            var new = old
            new.net = ClientNet(
                ipv4: UInt32(truncatingIfNeeded: hash(old.subject &+ UInt64(random.below(2)) &+ 7)))
            old.endsAt = tick + 1 + random.below(3)
            dying.append(old)
            arrive(new, &counts, &sketch)
        }
    }

    /// Every tenth day at 11:00 half of all reconnect within ten minutes, a few at a time: a rolling deploy.
    private mutating func deploy(_ time: Int, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        let second = time % 86_400 - 39_600
        guard time / 86_400 % 10 == 9, 0..<600 ~= second else { return }
        for _ in 0..<sessions.count / 120 {
            let index = random.below(sessions.count)
            let session = sessions[index]
            leave(index, &sketch)
            arrive(session, &counts, &sketch)
        }
    }

    private mutating func authenticate(
        _ time: Int, _ counts: inout TickSummary, _ sketch: inout TrafficSketch
    ) {
        counts.authAttempts += random.poisson(Double(sessions.count) / 360)
        // Tokens are often made at the full hour, so they end together.
        let ratio = time % 3_600 < 20 ? 0.05 : 0.015
        for _ in 0..<random.poisson(ratio * Double(counts.authAttempts)) where !sessions.isEmpty {
            let session = sessions[random.below(sessions.count)]
            fail(session.subject, from: session.net, &counts, &sketch)
            counts.authExpired += 1
        }
        for _ in 0..<random.poisson(0.005 * Double(counts.accepts) + 0.02) {
            counts.accepts += 1
            counts.handshakeFailures += 1
            let net = ClientNet(ipv4: UInt32(truncatingIfNeeded: random.bits()))
            sketch.accepted(from: net)
            sketch.handshakeFailed(from: net)
            if random.uniform() < 0.1 {
                counts.legacyOffers += 1
                sketch.offeredLegacy(from: net)
            }
        }
    }

    package mutating func fail(
        _ subject: UInt64, from net: ClientNet, _ counts: inout TickSummary, _ sketch: inout TrafficSketch
    ) {
        counts.authAttempts += 1
        counts.authFailures += 1
        sketch.authFailed(subject, from: net)
    }

    private mutating func talk(_ load: Double, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        let messages = random.poisson(shape.peakMessages * load * random.gamma(shape: 20))
        counts.received = messages
        let chunks = min(messages, 24)
        for chunk in 0..<chunks {
            let count = messages / chunks + (chunk < messages % chunks ? 1 : 0)
            let room = random.rank(of: 60)
            // The most popular room holds a fifth of all, the others less.
            let members = 1 + Int(0.2 * Double(sessions.count) / Double(room + 1))
            let sender = subject(random.rank(of: shape.users * 2))
            sketch.sent(by: sender, to: hash(UInt64(room) &+ 1_000_000), recipients: members, count: count)
            counts.delivered += count * members
        }
        counts.rejected = random.poisson(0.005 * Double(messages))
        counts.activeUsers = min(sessions.count, random.poisson(0.6 * Double(messages)))
        counts.throttledUsers = random.poisson(0.01 * Double(counts.activeUsers))
    }

    private mutating func strain(_ load: Double, _ counts: inout TickSummary, _ sketch: inout TrafficSketch) {
        counts.slowConsumers = min(sessions.count, random.poisson(0.002 * Double(sessions.count)))
        for _ in 0..<counts.slowConsumers {
            let bytes = Int(20_000 * random.gamma(shape: 1))
            counts.queuedBytes += bytes
            sketch.isSlow(from: sessions[random.below(sessions.count)].net, bytes: bytes)
        }
        guard counts.delivered > 0 else { return }
        latencyNoise += 0.2 * (random.normal() * 0.15 - latencyNoise)
        counts.deliveryP50 =
            0.0008 * RealMath.exp(latencyNoise + 0.15 * min(load, 2) + 0.05 * random.normal())
        counts.deliveryP99 = counts.deliveryP50 * 8 * random.gamma(shape: 16)
    }
}

extension Array {
    /// Removes an element and puts the last one in its place.
    mutating func remove(swapping index: Int) -> Element {
        swapAt(index, count - 1)
        return removeLast()
    }
}
