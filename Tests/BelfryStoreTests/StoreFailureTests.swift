import BelfryBroker
import BelfryProtocol
import BrokerContract
import Dispatch
import Foundation
import GRDB
import Testing

@testable import BelfryStore

@Suite("Store failures")
struct StoreFailureTests {
    @Test func `a full disk refuses the whole group as temporary, and nothing of it appears later`() throws {
        let desk = try Desk(StoreBench())
        let policy = try policy()
        let options = PublishOptions(history: policy)
        let first = try desk.broker.publish("x", to: "a", options)
        try desk.fillDisk(true)
        let big = String(repeating: "b", count: 50_000)
        desk.store.queue.suspend()
        desk.tell([big, "small", big], to: "a", options)
        desk.store.queue.resume()
        let refusals = try desk.outcomes(of: 3)
        #expect(refusals.allSatisfy { $0.isTemporaryFailure })
        #expect(desk.store.failure?.kind == .full)
        try desk.fillDisk(false)
        try desk.heal()
        let next = try desk.broker.publish("y", to: "a", options)
        #expect(next.position?.offset == 2)
        #expect(next.position?.epoch == first.position?.epoch)
        #expect(try desk.texts("a", policy) == ["x", "y"])
        #expect(try desk.afterCrash().texts("a", policy) == ["x", "y"])
    }

    @Test func `what is published while the disk is full is refused at once`() throws {
        let desk = try Desk(StoreBench())
        let options = PublishOptions(history: try policy())
        try desk.fillDisk(true)
        desk.tell([String(repeating: "b", count: 50_000)], to: "a", options)
        _ = try desk.outcomes(of: 1)
        desk.tell(["x", "y"], to: "a", options)
        #expect(desk.broker.events.count(where: { $0.isTemporaryFailure }) == 3)
        #expect(desk.store.statistics.refusedFailed == 3)
    }

    @Test func `who has not heard of a failed commit can not build on it`() throws {
        let desk = try Desk(StoreBench())
        let policy = try policy()
        let options = PublishOptions(history: policy)
        try desk.fillDisk(true)
        desk.tell([String(repeating: "b", count: 50_000)], to: "a", options)
        try desk.wait { $0.failure != nil }
        try desk.fillDisk(false)
        try desk.wait { $0.failure == nil }
        // The disk is well again before this loop has looked.
        desk.tell(["late"], to: "b", options)
        desk.broker.poll()
        #expect(desk.broker.events.count(where: { $0.isTemporaryFailure }) == 2)
        #expect(try desk.broker.publish("x", to: "a", options).position?.offset == 1)
        #expect(try desk.texts("b", policy) == [])
    }

    @Test func `relaxed channels go on over a full disk, and say so by a new epoch`() throws {
        let desk = try Desk(StoreBench())
        let relaxed = try policy(.relaxed)
        let first = try desk.broker.publish("x", to: "a", PublishOptions(history: relaxed))
        desk.store.queue.sync { desk.store.flush() }
        try desk.fillDisk(true)
        _ = try desk.broker.publish(
            String(repeating: "b", count: 50_000), to: "a", PublishOptions(history: relaxed))
        try desk.wait { $0.failure != nil }
        let third = try desk.broker.publish("z", to: "a", PublishOptions(history: relaxed))
        #expect(third.position?.offset == 3)
        #expect(desk.store.statistics.lost == 2)
        try desk.fillDisk(false)
        try desk.wait { $0.failure == nil }
        let top = try desk.again().broker.subscribe("a", relaxed)
        #expect(top?.epoch != first.position?.epoch)
    }

    @Test func `too much that waits is refused as temporary, and what waited is kept`() throws {
        let desk = try Desk(StoreBench(), queueBytes: 8_192)
        let policy = try policy()
        desk.store.queue.suspend()
        desk.tell((1...20).map { "\($0)" }, to: "a", PublishOptions(history: policy))
        desk.store.queue.resume()
        let outcomes = try desk.outcomes(of: 20)
        let taken = outcomes.count(where: { !$0.isTemporaryFailure })
        #expect(taken > 0 && taken < 20)
        #expect(desk.store.statistics.refusedFull == UInt64(20 - taken))
        #expect(try desk.texts("a", policy) == (1...taken).map { "\($0)" })
        #expect(
            try desk.broker.publish("!", to: "a", PublishOptions(history: policy)).position?.offset
                == UInt64(taken + 1))
    }

    @Test func `a failed write of a record is told to its owner, and changes nothing`() async throws {
        let desk = try Desk(StoreBench())
        let records = desk.store.records
        try await records.save(StoredRecord(kind: "block", key: "u", data: [1]))
        try desk.fillDisk(true)
        await #expect(throws: StoreFailure.self) {
            try await records.save(
                StoredRecord(kind: "block", key: "v", data: Array(repeating: 0, count: 60_000)))
        }
        #expect(try records.load().map(\.key) == ["u"])
    }

    @Test func `a file that is removed while in use is told, and nothing more is acknowledged`() throws {
        let desk = try Desk(StoreBench())
        try FileManager.default.removeItem(atPath: desk.bench.path)
        desk.store.queue.sync { desk.store.tidy() }
        #expect(desk.store.failure?.kind == .removed)
        desk.broker.poll()
        desk.tell(["x"], to: "a", PublishOptions(history: try policy()))
        #expect(desk.broker.events.count(where: { $0.isTemporaryFailure }) == 1)
    }

    @Test func `after the end everything is refused`() async throws {
        let desk = try Desk(StoreBench())
        desk.store.close()
        desk.tell(["x"], to: "a", PublishOptions(history: try policy()))
        #expect(desk.broker.events.count(where: { $0.isTemporaryFailure }) == 1)
        await #expect(throws: StoreFailure.self) {
            try await desk.store.records.save(StoredRecord(kind: "k", key: "v"))
        }
    }
}

@Suite("Store files")
struct StoreFileTests {
    private func failure(_ bench: StoreBench) throws -> StoreFailure {
        let error = #expect(throws: StoreFailure.self) { try bench.open() }
        return try #require(error)
    }

    @Test func `a file that is no database is refused and left as it is`() throws {
        let bench = try StoreBench()
        let text = Data(
            "not a database, but more than a header's length of text that somebody may still want".utf8)
        try text.write(to: URL(filePath: bench.path))
        let failure = try failure(bench)
        #expect(failure.kind == .foreign)
        #expect(failure.description.contains(bench.path))
        #expect(try Data(contentsOf: URL(filePath: bench.path)) == text)
    }

    @Test func `another program's database is refused and left as it is`() throws {
        let bench = try StoreBench()
        try DatabaseQueue(path: bench.path).write { try $0.execute(sql: "CREATE TABLE theirs (a)") }
        #expect(try failure(bench).kind == .foreign)
    }

    @Test func `a store of a later release is refused and left as it is`() throws {
        let bench = try StoreBench()
        try bench.open().close()
        try DatabaseQueue(path: bench.path).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA user_version = 99")
        }
        let failure = try failure(bench)
        #expect(failure.kind == .newerSchema(found: 99, known: StoreSchema.version))
        #expect(failure.description.contains("move the file away"))
    }

    @Test func `a damaged store is refused`() throws {
        let bench = try StoreBench()
        let desk = try Desk(bench)
        let options = PublishOptions(history: try policy())
        for number in 0..<200 { _ = try desk.broker.publish("\(number)", to: "c\(number)", options) }
        desk.store.close()
        let file = try FileHandle(forUpdating: URL(filePath: bench.path))
        let size = try file.seekToEnd()
        for offset in stride(from: UInt64(4_096), to: size, by: 4_096) {
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(repeating: 0xff, count: 64))
        }
        try file.close()
        let error = #expect(throws: StoreFailure.self) { try Desk(bench) }
        #expect(error?.kind == .corrupt)
        #expect(error?.description.contains("backup") == true)
    }

    @Test func `a directory that is not there is told`() throws {
        let bench = try StoreBench()
        try FileManager.default.removeItem(at: bench.directory)
        let failure = try failure(bench)
        #expect(failure.kind == .unavailable)
        #expect(failure.description.contains("its directory exists"))
    }

    @Test func `a second relay is told that the file is in use`() throws {
        let bench = try StoreBench()
        let store = try bench.open()
        #expect(try failure(bench).kind == .inUse)
        store.close()
        try bench.open().close()
    }

    @Test func `others on the machine can not read what is stored`() throws {
        let bench = try StoreBench()
        let store = try bench.open()
        defer { store.close() }
        for name in ["belfry.db", "belfry.db-wal"] {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: bench.directory.appending(path: name).path())
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test func `records survive, end, and are replaced and removed`() async throws {
        let bench = try StoreBench()
        var store = try bench.open()
        let end = bench.clock.now + .seconds(10)
        try await store.records.save(StoredRecord(kind: "block", key: "u", until: end, data: [1]))
        try await store.records.save(StoredRecord(kind: "block", key: "u", until: end, data: [2]))
        try await store.records.save(StoredRecord(kind: "revoke", key: "j", data: [0, 255]))
        try await store.records.save(StoredRecord(kind: "revoke", key: "gone"))
        try await store.records.remove(kind: "revoke", key: "gone")
        store.close()
        store = try bench.open()
        let block = StoredRecord(kind: "block", key: "u", until: end, data: [2])
        let revocation = StoredRecord(kind: "revoke", key: "j", data: [0, 255])
        #expect(try store.records.load() == [block, revocation])
        bench.clock.now = end
        #expect(try store.records.load() == [revocation])
        store.tidy()
        #expect(try store.count("record") == 1)
        store.close()
    }

    @Test func `what is over leaves the disk`() throws {
        let desk = try Desk(StoreBench())
        var options = PublishOptions(history: try policy(ttl: .seconds(10)))
        options.idempotency = IdempotencyKey("k", window: .seconds(10))
        _ = try desk.broker.publish("x", to: "a", options)
        desk.bench.clock.now = desk.bench.clock.now + .seconds(11)
        desk.store.queue.sync { desk.store.tidy() }
        #expect(try desk.store.count("publication") == 0)
        #expect(try desk.store.count("key") == 0)
        #expect(try desk.store.count("stream") == 1)
        desk.bench.clock.now = desk.bench.clock.now + .seconds(1_000)
        desk.store.queue.sync { desk.store.tidy() }
        #expect(try desk.store.count("stream") == 0)
    }

    @Test func `a file that grows too large loses what is nearest to its end`() throws {
        let bench = try StoreBench()
        let store = try bench.open(maxBytes: 1 << 20)
        let broker = try BrokerBench(wait: { bench.waitForNews() }) { try bench.broker(store) }
        let options = PublishOptions(history: try policy(size: 10_000, .relaxed))
        for number in 0..<3_000 {
            broker.now = bench.clock.now + .milliseconds(number)
            _ = try broker.publish(String(repeating: "x", count: 1_000), to: "c\(number % 3)", options)
        }
        store.queue.sync { store.flush() }
        let statistics = store.statistics
        #expect(statistics.prunedPublications > 1_000)
        #expect(statistics.byteCount < (1 << 20) + 400_000)
        store.close()
        let second = try Desk(bench)
        let newest = try second.broker.history("c2", HistoryQuery(limit: 1, isReverse: true), policy())
        #expect(newest.top.offset == 1_000)
        #expect(newest.publications.map(\.offset) == [1_000])
    }

    @Test func `a burst larger than the file loses no more than does not fit`() throws {
        let bench = try StoreBench()
        let store = try bench.open(maxBytes: 1 << 20)
        let broker = try BrokerBench(wait: { bench.waitForNews() }) { try bench.broker(store) }
        let options = PublishOptions(history: try policy(size: 10_000, .relaxed))
        try store.queue.sync {
            for number in 0..<2_000 {
                broker.now = bench.clock.now + .milliseconds(number)
                _ = try broker.publish(String(repeating: "x", count: 1_000), to: "c", options)
            }
            store.flush()
        }
        let statistics = store.statistics
        #expect((500_000..<(1 << 20)).contains(statistics.byteCount))
        store.close()
        let newest = try Desk(bench).broker.history("c", HistoryQuery(limit: 1, isReverse: true), policy())
        #expect(newest.publications.map(\.offset) == [2_000])
    }

    @Test func `what memory has no room for does not keep a relay from starting`() throws {
        let bench = try StoreBench()
        let first = try Desk(bench)
        let options = PublishOptions(history: try policy())
        for number in 0..<20 { _ = try first.broker.publish("x", to: "c\(number)", options) }
        first.store.close()
        let store = try bench.open()
        let loaded = try store.openLanes(1, limits: StreamLimits(streams: 5), home: { _ in 0 }, notify: [{}])
        #expect(loaded.contents.streams == 20)
        #expect(loaded.contents.shed == 15)
        #expect(loaded.lanes[0].makeBroker()?.usage.streams == 5)
        store.close()
    }
}

extension Result where Success == PublishOutcome, Failure == BrokerFailure {
    var isTemporaryFailure: Bool {
        if case .failure(let failure) = self { failure.isTemporary } else { false }
    }
}

extension BrokerEvent {
    var isTemporaryFailure: Bool {
        if case .published(_, let result) = self { result.isTemporaryFailure } else { false }
    }
}

extension Store {
    func count(_ table: String) throws -> Int {
        try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    }
}

extension Desk {
    func wait(until isDone: (Store) -> Bool) throws {
        for _ in 0..<100 {
            if isDone(store) { return }
            bench.waitForNews()
        }
        throw BrokerBench.NoAnswer()
    }

    /// Waits until a probe has been written, and lets the broker hear of it.
    func heal() throws {
        try wait { $0.failure == nil }
        broker.poll()
    }
}
