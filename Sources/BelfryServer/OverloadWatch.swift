import BelfryBytes
import BelfryObserve
import Synchronization

/// The measures against overload, over all loops: one journal entry when one begins, one when it is over.
///
/// A lock is fine here: only what is refused, shed or paused comes by.
final class OverloadWatch: Sendable {
    /// A measure that was not needed for so long is over.
    ///
    /// Loops report an exhausted accept once in ten seconds; two more for those that are late.
    private static let calm = Duration.seconds(12)

    /// When each measure that is in force was last needed.
    private let needed = Mutex<[OverloadAction: Instant]>([:])
    private let sink: any EventSink
    private let shard: SharedShard

    init(sink: any EventSink, shard: SharedShard) {
        self.sink = sink
        self.shard = shard
    }

    /// A loop took a measure, because its resource was used up.
    func took(_ action: OverloadAction, at now: Instant) {
        if needed.withLock({ $0.updateValue(now, forKey: action) }) == nil { begin(action, pressure: 100) }
    }

    /// A measure that is looked at once a second is in force, or is not.
    func hold(_ action: OverloadAction, _ isHeld: Bool, pressure: Int, at now: Instant) {
        let before = needed.withLock { table in
            isHeld ? table.updateValue(now, forKey: action) : table.removeValue(forKey: action)
        }
        guard isHeld == (before == nil) else { return }
        if isHeld { begin(action, pressure: pressure) } else { end(action, pressure: pressure) }
    }

    /// Reports the measures that are over; called about once a second, off the loops.
    ///
    /// - `pressure`: Percent of a resource in use; asked only when there is something to report.
    func settle(at now: Instant, pressure: (OverloadResource) -> Int) {
        let over = needed.withLock { table in
            let over = table.filter { $0.key != .refuseNew && now - $0.value > Self.calm }.map(\.key)
            for action in over { table[action] = nil }
            return over
        }
        for action in over.sorted(by: { $0.rawValue < $1.rawValue }) {
            end(action, pressure: pressure(action.resource))
        }
    }

    private func begin(_ action: OverloadAction, pressure: Int) {
        shard.count(.overloadActions(action))
        record(action, pressure, isEntered: true)
    }

    private func end(_ action: OverloadAction, pressure: Int) { record(action, pressure, isEntered: false) }

    private func record(_ action: OverloadAction, _ pressure: Int, isEntered: Bool) {
        sink.record(
            .overloadChanged(
                resource: action.resource.label, pressure: pressure, action: action.label,
                isEntered: isEntered))
    }
}

/// Notices that a count has grown since it was last looked at.
final class RisingCount: Sendable {
    private let last = Atomic<UInt64>(0)

    func rises(to count: UInt64) -> Bool { last.exchange(count, ordering: .relaxed) < count }
}

extension OverloadAction {
    /// What runs out when this is done.
    var resource: OverloadResource {
        switch self {
        case .pauseAccept: .descriptors
        case .rejectConnections: .connections
        case .shedHistory: .history
        case .shedInfo, .refuseNew: .journal
        }
    }
}
