import BelfryBroker
import BelfryProtocol
import BrokerContract
import Dispatch
import Foundation
import GRDB
import Synchronization
import Testing

@testable import BelfryStore

/// A clock that tests set.
final class TestClock: Sendable {
    private let time = Mutex(WallTime(milliseconds: 1_000_000))

    var now: WallTime {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

/// A directory with a store in it, opened as often as a test likes.
final class StoreBench: Sendable {
    let directory: URL
    let clock = TestClock()
    /// Signalled at each notice to a loop and at each event.
    let news = DispatchSemaphore(value: 0)
    private let seen = Mutex<[StoreEvent]>([])

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "belfry-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    var path: String { directory.appending(path: "belfry.db").path() }
    var events: [StoreEvent] { seen.withLock { $0 } }

    func open(maxBytes: Int = 1 << 30, queueBytes: Int = 64 << 20) throws -> Store {
        let clock = clock
        let settings = StoreSettings(
            path: path, maxBytes: maxBytes, queueBytes: queueBytes, gatherTime: .milliseconds(1),
            now: { clock.now })
        return try Store(settings) { [weak self] event in
            self?.seen.withLock { $0.append(event) }
            self?.news.signal()
        }
    }

    /// One lane with everything that is stored.
    func broker(_ store: Store, limits: StreamLimits = StreamLimits()) throws -> DurableBroker {
        let (lanes, _) = try store.openLanes(
            1, limits: limits, home: { _ in 0 }, notify: [{ self.news.signal() }])
        return try #require(lanes[0].makeBroker())
    }

    /// As after `kill -9`: a copy of what is on disk, without the end that an ordered stop writes.
    func afterCrash() throws -> StoreBench {
        let copy = try StoreBench()
        copy.clock.now = clock.now
        for name in ["belfry.db", "belfry.db-wal"] {
            let file = directory.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path()) else { continue }
            try FileManager.default.copyItem(at: file, to: copy.directory.appending(path: name))
        }
        return copy
    }

    /// Waits until the store has said something new; a second is longer than any commit takes.
    func waitForNews() { _ = news.wait(timeout: .now() + .seconds(1)) }
}

/// A broker with a store below, asked like any other.
struct Desk {
    let bench: StoreBench
    let store: Store
    let broker: BrokerBench

    init(_ bench: StoreBench, queueBytes: Int = 64 << 20, limits: StreamLimits = StreamLimits()) throws {
        self.bench = bench
        let store = try bench.open(queueBytes: queueBytes)
        self.store = store
        broker = try BrokerBench(wait: { bench.waitForNews() }) { try bench.broker(store, limits: limits) }
        broker.now = bench.clock.now
    }

    /// Stops in order and starts again.
    func again() throws -> Desk {
        store.close()
        return try Desk(bench)
    }

    /// Is killed and starts again.
    func afterCrash() throws -> Desk {
        let copy = try bench.afterCrash()
        store.close()
        return try Desk(copy)
    }

    /// The disk takes no further page.
    func fillDisk(_ isFull: Bool) throws {
        try store.database.writeWithoutTransaction { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(isFull ? pages : 1_000_000)")
        }
    }

    func texts(_ channel: String, _ policy: HistoryPolicy) throws -> [String] {
        try broker.history(channel, HistoryQuery(limit: -1), policy).publications
            .map { String(decoding: $0.data, as: UTF8.self) }
    }

    /// Publishes without waiting; the answers are in `broker.events`.
    func tell(_ texts: [String], to channel: String, _ options: PublishOptions) {
        for (number, text) in texts.enumerated() {
            let ticket = BrokerTicket(rawValue: 1_000_000 + UInt64(number))
            broker.tell(.publish(channel: channel, Publication(data: Array(text.utf8)), options, ticket))
        }
    }

    /// What became of what ``tell(_:to:_:)`` published, once all of it is known.
    func outcomes(of count: Int) throws -> [Result<PublishOutcome, BrokerFailure>] {
        var outcomes: [UInt64: Result<PublishOutcome, BrokerFailure>] = [:]
        for _ in 0..<1_000 {
            for case .published(let ticket, let result) in broker.events where ticket.rawValue >= 1_000_000 {
                outcomes[ticket.rawValue] = result
            }
            if outcomes.count >= count { break }
            bench.waitForNews()
            broker.poll()
        }
        return outcomes.sorted { $0.key < $1.key }.map(\.value)
    }
}

func policy(size: Int = 100, ttl: Duration = .seconds(100), _ durability: Durability = .acknowledged) throws
    -> HistoryPolicy
{
    var policy = try #require(HistoryPolicy(size: size, ttl: ttl, metaTTL: .seconds(1_000)))
    policy.durability = durability
    return policy
}
