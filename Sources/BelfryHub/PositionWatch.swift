import BelfryBroker
import BelfryProtocol

// Whether what a channel's members have seen is what its broker holds (protocol.md 9.5).
//
// A bus that delivers at most once may lose the last publication of a quiet channel, and nobody would notice until the
// next. So each channel with positioned members is compared with its broker, by its home: deliveries from the home to the
// loops do not get lost, and the comparison is one for all members of all loops.
//
// A look that finds a difference proves nothing yet: a publication may be on its way, and a replica may answer late. Lost
// is what a second look, after ``PositionWatch/secondLook``, finds unchanged.

/// Which channels are to be looked at, spread evenly over the interval.
struct PositionWatch {
    /// Each channel is looked at once in so long; longer when a home has more channels than ``looksMax`` times as many
    /// seconds.
    static let interval = Duration.seconds(40)
    /// Longer than a publication is on its way, shorter than anybody waits for one.
    static let secondLook = Duration.seconds(5)
    /// Channels looked at in one turn, about once a second.
    static let looksMax = 1_000

    private var channels: [String] = []
    private var places: [String: Int] = [:]
    /// The channel that is next.
    private var cursor = 0
    private var lastTurn: WallTime?
    /// Milliseconds times channels that have passed and not been worked off.
    private var credit: Int64 = 0
    /// Channels that wait for their second look, in the order of their time.
    private var suspects: [(channel: String, due: WallTime)] = []

    mutating func add(_ channel: String) {
        guard places[channel] == nil else { return }
        places[channel] = channels.count
        channels.append(channel)
    }

    mutating func remove(_ channel: String) {
        guard let place = places.removeValue(forKey: channel) else { return }
        let last = channels.removeLast()
        guard place < channels.count else { return }
        channels[place] = last
        places[last] = place
    }

    mutating func suspect(_ channel: String, now: WallTime) {
        suspects.append((channel, now + Self.secondLook))
    }

    /// The channels whose turn it is; those that were suspected first.
    mutating func due(now: WallTime) -> [String] {
        let again = suspects.prefix(Self.looksMax).prefix { $0.due <= now }
        var due = again.map(\.channel)
        suspects.removeFirst(again.count)
        let regular = min(turns(now: now), channels.count, Self.looksMax - due.count)
        for _ in 0..<max(regular, 0) {
            if cursor >= channels.count { cursor = 0 }
            due.append(channels[cursor])
            cursor += 1
        }
        return due
    }

    private mutating func turns(now: WallTime) -> Int {
        let interval = Int64(Self.interval.components.seconds) * 1_000
        // The clock may be set, and what was missed meanwhile is no reason for a burst.
        let passed = min(max(now.milliseconds &- (lastTurn ?? now).milliseconds, 0), interval)
        lastTurn = now
        credit += passed * Int64(channels.count)
        let turns = credit / interval
        credit -= turns * interval
        return Int(clamping: turns)
    }
}

/// A question to the broker where a channel stands.
struct PositionLook {
    let channel: String
    /// Where the members stood when it was asked.
    let known: StreamPosition
}

/// What a look found.
enum PositionFinding: Equatable {
    case same
    /// The broker is further: something is on its way, or lost.
    case ahead
    /// The broker has forgotten what members have seen, or the stream has begun anew.
    case other

    /// - Parameters:
    ///   - top: The broker's.
    ///   - before: Where the members stood when it was asked.
    ///   - now: Where they stand with the answer.
    init(top: StreamPosition, before: StreamPosition, now: StreamPosition) {
        if top.epoch == now.epoch {
            self =
                top.epoch == before.epoch && top.offset < before.offset
                ? .other : top.offset > now.offset ? .ahead : .same
        } else {
            // The broker answered before the stream began anew, and the members know already.
            self = top.epoch == before.epoch ? .same : .other
        }
    }
}

extension HomeHub {
    /// Asks the broker about the channels whose turn it is.
    mutating func lookAtPositions() {
        guard broker.mayLose else { return }
        for channel in watch.due(now: now) {
            guard let home = channels[channel], !home.isLookedAt, let history = home.history,
                let known = home.position
            else { continue }
            channels[channel]?.isLookedAt = true
            let ticket = makeTicket()
            looks[ticket] = PositionLook(channel: channel, known: known)
            submit(.history(channel: channel, HistoryQuery(limit: 0), history, ticket))
        }
    }

    /// The broker said where a channel stands.
    mutating func looked(
        _ look: PositionLook, _ result: Result<HistoryPage, BrokerFailure>,
        into deliveries: inout [RoutedDelivery]
    ) {
        channels[look.channel]?.isLookedAt = false
        // A broker that does not answer has its own alarms; its channels are looked at again.
        guard case .success(let page) = result, let home = channels[look.channel],
            let position = home.position
        else { return }
        let finding = PositionFinding(top: page.top, before: look.known, now: position)
        let suspected = home.suspected
        channels[look.channel]?.suspected = nil
        if finding == .same { return }
        if let suspected, finding == .other || position.isBehind(suspected) {
            channels[look.channel]?.forgetPosition()
            return loseState(of: look.channel, .check, into: &deliveries)
        }
        channels[look.channel]?.suspected = page.top
        watch.suspect(look.channel, now: now)
    }
}

extension StreamPosition {
    fileprivate func isBehind(_ other: StreamPosition) -> Bool {
        epoch != other.epoch || offset < other.offset
    }
}
