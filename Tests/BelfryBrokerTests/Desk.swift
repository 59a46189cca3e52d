import BelfryBroker
import BelfryProtocol
import Testing

/// A table of one channel with a clock, for readable tests.
struct Desk {
    var table: StreamTable
    var now = WallTime(milliseconds: 1_000_000)
    var policy: HistoryPolicy
    let channel = "chat:a"

    init(
        size: Int = 3, ttl: Duration = .seconds(10), metaTTL: Duration = .seconds(100),
        limits: StreamLimits = .init()
    )
        throws
    {
        table = StreamTable(seed: 7, limits: limits)
        policy = try #require(HistoryPolicy(size: size, ttl: ttl, metaTTL: metaTTL))
    }

    var options: PublishOptions { PublishOptions(history: policy) }

    @discardableResult
    mutating func publish(
        _ text: String, to channel: String? = nil, _ change: (inout PublishOptions) -> Void = { _ in }
    )
        -> AppendResult
    {
        var options = options
        change(&options)
        return table.append(
            Publication(data: Array(text.utf8)), to: channel ?? self.channel, options: options, now: now)
    }

    mutating func read(_ query: HistoryQuery) -> HistoryPage {
        table.history(of: channel, query, policy: policy, now: now)
    }

    mutating func texts(
        since: UInt64? = nil, limit: Int = -1, isReverse: Bool = false, maximum: Int = 300
    ) -> [String] {
        let since = since.map { StreamPosition(offset: $0) }
        return read(HistoryQuery(since: since, limit: limit, isReverse: isReverse, maximum: maximum))
            .publications.map { String(decoding: $0.data, as: UTF8.self) }
    }

    mutating func pass(_ time: Duration) { now = now + time }
}

extension Desk {
    var top: StreamPosition { table.top(of: channel) ?? StreamPosition() }

    mutating func reserve(
        _ text: String, _ change: (inout PublishOptions) -> Void = { _ in }
    ) throws -> Reservation {
        var options = options
        change(&options)
        let admission = table.reserve(
            Publication(data: Array(text.utf8)), in: channel, options: options, now: now)
        guard case .reserved(let reservation) = admission else { throw Refused(admission: admission) }
        return reservation
    }

    struct Refused: Error { let admission: Admission }
}
