import BelfryAuth
import BelfryJournal
import BelfryLimits
import BelfryObserve
import BelfrySidePort

// What no loop counts: looked up when somebody scrapes.

extension Relay {
    func refreshMetrics() {
        let statistics = journal.statistics
        let users = Int64(users.keyCount)
        let throttled = Int64(limits.count)
        let denials = denyDesk.snapshot.list.counts
        let pending = Int64(desks.homes.pendingCount + desks.errands.pendingCount)
        registry.shared.update { shard in
            shard.set(.connectionsLimit, to: Int64(admission.limit))
            shard.set(.users, to: users)
            shard.set(.ratelimitTracked(.user), to: users)
            shard.set(.ratelimitTracked(.address), to: Int64(addressCounts.keyCount))
            shard.set(.ratelimitTracked(.connection), to: Int64(admission.count))
            shard.set(.ratelimitThrottledUsers, to: throttled)
            shard.set(.denials(.token), to: Int64(denials.tokens))
            shard.set(.denials(.userTokens), to: Int64(denials.issues))
            shard.set(.denials(.user), to: Int64(denials.users))
            shard.set(.denials(.address), to: Int64(denials.addresses))
            shard.set(.apiPending, to: pending)
            shard.set(.streamClients(.status), to: Int64(status.feed.followerCount))
            shard.set(.overloadPressure(.connections), to: Self.billionths(admission.pressure))
            shard.set(.overloadPressure(.journal), to: Self.billionths(statistics.auditFill))
            shard.set(.journalQueueLength, to: Int64(statistics.queueLength))
            if let verified = statistics.lastVerified {
                shard.set(.journalLastVerified, to: verified &* 1_000_000_000)
            }
            Self.mirror(statistics, to: shard)
            mirrorStore(to: shard)
            for feed in pulse.feeds { shard.set(.streamClients(feed.stream), to: Int64(feed.followerCount)) }
        }
    }

    private static func billionths(_ ratio: Double) -> Int64 { Int64(1e9 * ratio) }

    private static func mirror(_ statistics: JournalStatistics, to shard: MetricShard) {
        for priority in EntryPriority.allCases {
            shard.mirror(statistics.entries[Int(priority.rawValue)], in: .journalEntries(priority))
        }
        for (place, count) in statistics.events.enumerated() {
            shard.mirror(count, in: .loggedEvents(at: place))
        }
        for reason in DropReason.allCases {
            shard.mirror(statistics.dropped[reason], in: .journalDropped(EntryLoss(reason)))
        }
    }
}

extension EntryLoss {
    init(_ reason: DropReason) {
        self =
            switch reason {
            case .queueFull: .queueFull
            case .sendError: .sendError
            case .absent: .absent
            case .oversize: .oversize
            case .suppressed: .suppressed
            }
    }
}
