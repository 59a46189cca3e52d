import BelfryObserve
import Foundation

extension StatusReport {
    init(_ facts: StatusFacts, _ snapshot: MetricSnapshot, _ history: StatusHistory, uptime: Duration) {
        let (ten, minute) = (history.span(.seconds(10)), history.span(StatusHistory.minute))
        version = facts.version
        commit = facts.commit
        node = facts.node
        state = (ServiceState.allCases.first { snapshot.isIn($0) } ?? .starting).label
        time = facts.unixSeconds.internetTime
        self.uptime = uptime.inSeconds.rounded(toPlaces: 1)
        alerts = facts.alerts.map(Alerts.init)
        connections = Connections(snapshot)
        population = Population(
            users: snapshot[.users], rooms: snapshot[.rooms], memberships: snapshot[.roomMemberships])
        traffic = Traffic(ten, minute)
        closes = Self.closes(minute)
        delivery = Latency(minute.delivery)
        pressure = Pressure(snapshot, minute)
        process = Process(snapshot, ten)
        journal = Journal(facts.journal, snapshot, minute)
        store = facts.store.map { Store($0, snapshot) }
        certificates = facts.certificates.map { Certificate($0, at: facts.unixSeconds) }
        probe = Probe(facts, snapshot, minute)
        loops = facts.health.loops.map(Loop.init)
        point = history.points.last
        self.history = History(points: history.points)
        verdict = StatusVerdict(self)
    }

    private static func closes(_ minute: StatusSpan) -> [Close] {
        let totals = minute.to.closes
        // In the order of the labels where counts are equal, so that rows stay where they are.
        let places = totals.indices.filter { totals[$0] > 0 }.sorted { (totals[$1], $0) < (totals[$0], $1) }
        return places.map { place in
            let ending = StatusCounts.endings[place]
            return Close(
                by: ending.by.label, reason: ending.reason.label, total: totals[place],
                lastMinute: minute.count { $0.closes[place] })
        }
    }
}

extension StatusReport.Rate {
    init(_ ten: StatusSpan, _ minute: StatusSpan, _ value: (StatusCounts) -> UInt64) {
        self.init(total: value(ten.to), rate10s: ten.rate(value), rate60s: minute.rate(value))
    }
}

extension StatusReport.Traffic {
    init(_ ten: StatusSpan, _ minute: StatusSpan) {
        func rate(_ value: (StatusCounts) -> UInt64) -> StatusReport.Rate { .init(ten, minute, value) }
        accepts = rate(\.accepts)
        rejects = rate(\.rejects)
        closes = rate(\.closed)
        commands = rate(\.commands)
        publications = rate(\.publications)
        deliveries = rate(\.deliveries)
        refusals = rate(\.refusals)
        authAttempts = rate(\.authAttempts)
        authFailures = rate(\.authFailures)
        bytesReceived = rate(\.bytesReceived)
        bytesSent = rate(\.bytesSent)
        drops = rate(\.drops)
    }
}

extension StatusReport.Connections {
    init(_ snapshot: MetricSnapshot) {
        for stage in ConnectionStage.allCases { stages[stage.label] = snapshot[.connectionsOpen(stage)] }
        open = stages.values.reduce(0, +)
        limit = snapshot[.connectionsLimit]
    }
}

extension StatusReport.Latency {
    init(_ distribution: Distribution) {
        self.init(
            count: distribution.total, p50: distribution.seconds(0.5), p99: distribution.seconds(0.99))
    }
}

extension StatusReport.Pressure {
    init(_ snapshot: MetricSnapshot, _ minute: StatusSpan) {
        self.init(
            queueBytes: snapshot[.outboundQueueBytes], queueMessages: snapshot[.outboundQueueMessages],
            slowConsumers: snapshot[.slowConsumers], throttledUsers: snapshot[.ratelimitThrottledUsers],
            loopLagP99: minute.loopLag.seconds(0.99))
    }
}

extension StatusReport.Process {
    init(_ snapshot: MetricSnapshot, _ ten: StatusSpan) {
        let machine = ProcessInfo.processInfo
        self.init(
            cpu: (ten.rate(\.cpuNanoseconds) / 1e9).rounded(toPlaces: 3),
            cpuSeconds: (Double(snapshot[.processCPU]) / 1e9).rounded(toPlaces: 2),
            processors: machine.activeProcessorCount, residentBytes: snapshot[.processResidentMemory],
            memoryBytes: machine.physicalMemory, openDescriptors: snapshot[.processOpenDescriptors],
            maxDescriptors: snapshot[.processMaxDescriptors], threads: snapshot[.processThreads])
    }
}

extension StatusReport.Journal {
    init(_ facts: StatusFacts.Journal, _ snapshot: MetricSnapshot, _ minute: StatusSpan) {
        self.init(
            route: facts.route, verification: facts.verification,
            lastVerified: facts.lastVerified.map { Double($0).internetTime },
            queue: snapshot[.journalQueueLength], dropped: minute.to.journalDrops,
            droppedLastMinute: minute.count(\.journalDrops))
    }
}

extension StatusReport.Store {
    init(_ facts: StatusFacts.Store, _ snapshot: MetricSnapshot) {
        self.init(
            path: facts.path, isFailing: facts.failure != nil, failure: facts.failure,
            bytes: snapshot[.storeBytes], queueBytes: snapshot[.storeQueueBytes])
    }
}

extension StatusReport.Certificate {
    init(_ facts: StatusFacts.Certificate, at now: Double) {
        let days = ((Double(facts.notAfter) - now) / 86_400).rounded(.down)
        self.init(
            name: facts.name, notAfter: Double(facts.notAfter).internetTime, daysLeft: Int(exactly: days) ?? 0
        )
    }
}

extension StatusReport.Probe {
    init(_ facts: StatusFacts, _ snapshot: MetricSnapshot, _ minute: StatusSpan) {
        let last = snapshot[.selfprobeLastSuccess]
        self.init(
            isOn: facts.isProbing || minute.to.probesPassed &+ minute.to.probesFailed > 0,
            passed: minute.to.probesPassed, failed: minute.to.probesFailed,
            passedLastMinute: minute.count(\.probesPassed), failedLastMinute: minute.count(\.probesFailed),
            lastSuccess: last > 0 ? (Double(last) / 1e9).internetTime : nil)
    }
}

extension StatusReport.Loop {
    init(_ loop: HealthReport.Loop) {
        self.init(
            name: loop.name, sinceLastTick: loop.sinceLastTick.inSeconds.rounded(toPlaces: 3),
            isAlive: HealthReport.isAlive(loop))
    }
}

extension StatusReport.Alerts {
    init(_ firing: [StatusFacts.FiringAlert]) {
        func count(_ isMeant: (StatusFacts.FiringAlert) -> Bool) -> Int {
            firing.filter(isMeant).reduce(0) { $0 + $1.count }
        }
        func count(_ severity: String) -> Int { count { $0.severity == severity && !$0.isShadow } }
        self.init(
            critical: count("critical"), warning: count("warning"), info: count("info"),
            shadow: count(\.isShadow), firing: firing)
    }
}

extension MetricSnapshot {
    fileprivate func isIn(_ state: ServiceState) -> Bool { self[.state(state)] == 1 }
}

extension Double {
    /// RFC 3339 in UTC, whole seconds, of seconds since 1970.
    var internetTime: String { Date(timeIntervalSince1970: self).formatted(Date.ISO8601FormatStyle()) }
}
