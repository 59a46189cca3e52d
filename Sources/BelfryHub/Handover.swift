import BelfryBroker
import BelfryProtocol

// From history to live without a gap and without a repeat (protocol.md 9.4).
//
// While a subscribe waits for its broker, the channel's publications are kept. The page that was read and what was kept
// are then merged by offset, whichever of them the broker saw first.

/// Publications of one channel that came while subscribes were waiting.
struct HandoverBuffer {
    private var kept: [BrokerPublication] = []
    /// How many were dropped in front of `kept`, so that a subscribe can name its start by a number.
    private var dropped = 0

    /// As many as a recovery brings: who misses more while waiting would not have recovered either.
    static let maximum = HistoryQuery.defaultMaximum

    var end: Int { dropped + kept.count }

    mutating func append(_ publication: BrokerPublication) {
        if kept.count == Self.maximum { dropFirst(kept.count) }
        kept.append(publication)
    }

    /// What came since a subscribe began to wait; `nil` when it was too much to keep.
    func since(_ start: Int) -> ArraySlice<BrokerPublication>? {
        start < dropped ? nil : kept[(start - dropped)...]
    }

    /// Forgets what nobody waiting needs.
    ///
    /// - Parameter start: Of the subscribe that waits longest.
    mutating func drop(before start: Int?) {
        dropFirst(min(max((start ?? end) - dropped, 0), kept.count))
    }

    private mutating func dropFirst(_ count: Int) {
        kept.removeFirst(count)
        dropped += count
    }
}

enum Handover {
    /// The page and what came meanwhile as one; `nil` when there is a hole between them or behind.
    ///
    /// - `page`: As read, for the recovery or with no more than the top.
    /// - `live`: In the order in which the broker returned them; may overlap the page.
    static func merge(
        _ page: HistoryPage, _ live: ArraySlice<BrokerPublication>, _ recovery: RecoveryRequest?
    ) -> SubscribeAnswer? {
        var top = page.top
        var behind: [Publication] = []
        for event in live {
            guard let position = event.position, position.epoch == top.epoch else { continue }
            if position.offset <= top.offset { continue }
            guard position.offset == top.offset &+ 1 else { return nil }
            top.offset = position.offset
            behind.append(event.publication)
        }
        // The stream began anew behind the page, or the page was read in a life that the newest event does not know.
        if let newest = live.last(where: { $0.position != nil })?.position, newest.epoch != top.epoch {
            return nil
        }
        guard let recovery else { return SubscribeAnswer(position: top, top: top) }
        return answer(recovery, page, behind, top)
    }

    private static func answer(
        _ recovery: RecoveryRequest, _ page: HistoryPage, _ behind: [Publication], _ top: StreamPosition
    ) -> SubscribeAnswer {
        let decision =
            switch recovery.mode {
            case .stream: Recovery.decide(recovery, page)
            // Only the last matters, so what came meanwhile takes the place of what was read.
            case .cache:
                Recovery.decide(
                    recovery, behind.last.map { HistoryPage(publications: [$0], top: top) } ?? page)
            }
        guard decision.outcome.isRecovered else {
            return SubscribeAnswer(position: top, top: top, outcome: decision.outcome)
        }
        // The client advances from where it was, publication by publication.
        return SubscribeAnswer(
            position: StreamPosition(offset: recovery.since.offset, epoch: top.epoch), top: top,
            publications: decision.publications + (recovery.mode == .stream ? behind : []),
            outcome: .recovered)
    }
}
