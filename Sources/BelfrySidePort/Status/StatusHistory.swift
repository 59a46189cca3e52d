import BelfryObserve

// The last ten minutes. A minute second by second, for rates; all of it in steps of five seconds, for curves. Pure: time
// comes in, as the time since the relay began, which no clock step moves.

/// What was counted lately.
package struct StatusHistory: Sendable {
    private struct Moment {
        let at: Duration
        let counts: StatusCounts
    }

    /// The longest window that rates are made over.
    static let minute = Duration.seconds(60)
    static let step = Duration.seconds(5)
    /// Ten minutes of steps.
    static let pointLimit = 120
    /// A minute of seconds and its beginning; a clock that ticks too often fills no memory.
    private static let momentLimit = 62
    /// A tick comes a little early or late.
    private static let slack = Duration.milliseconds(400)

    /// Oldest first.
    private var moments: [Moment] = []
    /// Oldest first.
    package private(set) var points: [StatusPoint] = []
    /// Where the step that is under way began.
    private var stepBegin: Moment?

    package init() {}

    /// Notes what had been counted at a moment; moments ascend.
    ///
    /// - Parameters:
    ///   - counts: What had been counted then.
    ///   - at: The moment, as time since the start.
    ///   - unixSeconds: The wall clock's time of it, for people.
    ///   - connections: Admitted clients at that moment.
    package mutating func add(_ counts: StatusCounts, at: Duration, unixSeconds: Double, connections: Int64) {
        if let last = moments.last, at <= last.at { return }
        let moment = Moment(at: at, counts: counts)
        moments.append(moment)
        while moments.count > Self.momentLimit
            || moments.count > 2 && at - moments[1].at >= Self.minute - Self.slack
        {
            moments.removeFirst()
        }
        guard let begin = stepBegin else { return stepBegin = moment }
        guard at - begin.at >= Self.step - Self.slack else { return }
        let span = StatusSpan(from: begin.counts, to: counts, over: at - begin.at)
        points.append(StatusPoint(span, unixSeconds: unixSeconds, connections: connections))
        if points.count > Self.pointLimit { points.removeFirst() }
        stepBegin = moment
    }

    /// What came in the last `window`, at most a minute; less while there is no more.
    package func span(_ window: Duration) -> StatusSpan {
        guard let last = moments.last else { return StatusSpan(from: .init(), to: .init(), over: .zero) }
        let first = moments.last { last.at - $0.at >= window - Self.slack } ?? moments.first ?? last
        return StatusSpan(from: first.counts, to: last.counts, over: last.at - first.at)
    }
}

/// What happened between two moments.
package struct StatusSpan: Equatable, Sendable {
    let from: StatusCounts
    let to: StatusCounts
    /// Zero when there is but one moment.
    let length: Duration

    init(from: StatusCounts, to: StatusCounts, over length: Duration) {
        self.from = from
        self.to = to
        self.length = length
    }

    func count(_ value: (StatusCounts) -> UInt64) -> UInt64 {
        let (before, after) = (value(from), value(to))
        return after >= before ? after &- before : 0
    }

    /// Per second.
    func rate(_ value: (StatusCounts) -> UInt64) -> Double {
        let seconds = length.inSeconds
        return seconds > 0 ? (Double(count(value)) / seconds).rounded(toPlaces: 3) : 0
    }

    var delivery: Distribution { to.delivery.since(from.delivery) }
    var loopLag: Distribution { to.loopLag.since(from.loopLag) }
}

/// One step of the curves; rates are per second, times in seconds.
package struct StatusPoint: Encodable, Equatable, Sendable {
    /// Seconds since 1970 of its end.
    let time: Double
    let connections: Int64
    let accepts: Double
    let closes: Double
    let publications: Double
    let deliveries: Double
    let refusals: Double
    let bytesReceived: Double
    let bytesSent: Double
    /// `nil` when nothing was delivered.
    let p50: Double?
    let p99: Double?
    /// Processors in use: 1 is one of them.
    let cpu: Double

    init(_ span: StatusSpan, unixSeconds: Double, connections: Int64) {
        time = unixSeconds.rounded(toPlaces: 1)
        self.connections = connections
        accepts = span.rate(\.accepts)
        closes = span.rate(\.closed)
        publications = span.rate(\.publications)
        deliveries = span.rate(\.deliveries)
        refusals = span.rate(\.refusals)
        bytesReceived = span.rate(\.bytesReceived)
        bytesSent = span.rate(\.bytesSent)
        let delivery = span.delivery
        p50 = delivery.seconds(0.5)
        p99 = delivery.seconds(0.99)
        cpu = (span.rate(\.cpuNanoseconds) / 1e9).rounded(toPlaces: 3)
    }
}

extension Distribution {
    /// A quantile of times, in seconds.
    func seconds(_ share: Double) -> Double? { quantile(share).map { ($0 / 1e9).rounded(toPlaces: 6) } }
}

extension Double {
    /// For people and for JSON: a trillionth says nothing.
    func rounded(toPlaces places: Int) -> Double {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
