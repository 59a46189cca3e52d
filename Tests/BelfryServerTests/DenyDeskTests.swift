import BelfryAuth
import Synchronization
import Testing

@testable import BelfryServer

/// A store that remembers, and fails or waits when it is told to: no disk does so on demand.
private final class Shelf: DenialStore {
    struct Broken: Error, CustomStringConvertible { var description: String { "disk full" } }

    private struct State {
        var denials: [Denial.Target: Denial] = [:]
        var isBroken = false
        var log: [String] = []
        var waiting: [CheckedContinuation<Void, Never>] = []
        var holds = false
    }

    private let state = Mutex(State())

    var all: Set<Denial> { state.withLock { Set($0.denials.values) } }
    var log: [String] { state.withLock { $0.log } }
    func breakDown(_ isBroken: Bool = true) { state.withLock { $0.isBroken = isBroken } }
    func hold() { state.withLock { $0.holds = true } }
    func letGo() {
        let waiting = state.withLock { state in
            state.holds = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func load() throws -> [Denial] {
        try state.withLock { state in
            if state.isBroken { throw Broken() }
            return Array(state.denials.values)
        }
    }

    func save(_ denial: Denial) async throws {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.holds { state.waiting.append(continuation) }
                return !state.holds
            }
            if goesOn { continuation.resume() }
        }
        try state.withLock { state in
            if state.isBroken { throw Broken() }
            state.denials[denial.target] = denial
            state.log.append("save")
        }
    }

    func remove(_ target: Denial.Target) async throws {
        try state.withLock { state in
            if state.isBroken { throw Broken() }
            state.denials[target] = nil
            state.log.append("remove")
        }
    }
}

@Suite struct DenyDeskTests {
    private func desk(_ shelf: Shelf?, capacity: Int = 100, at now: Int64 = 0) throws -> DenyDesk {
        try DenyDesk(capacity: capacity, store: shelf) { now }
    }

    private func insert(_ denial: Denial, _ desk: DenyDesk) async throws -> String? {
        try await desk.insert(denial) { _, _ in }.problem
    }

    @Test func `a denial is in force before it is stored, and stored before it is confirmed`() async throws {
        let shelf = Shelf()
        let desk = try desk(shelf)
        let (inMemory, problem) = try await desk.insert(.user("ada")) { _, snapshot in
            #expect(shelf.all.isEmpty)
            return snapshot.list.count
        }
        #expect(inMemory == 1 && problem == nil && desk.isDurable)
        #expect(shelf.all == [.user("ada")])
    }

    @Test func `what was stored is in force from the start, what is over is not`() async throws {
        let shelf = Shelf()
        let first = try desk(shelf)
        for denial: Denial in [.user("ada"), .token("t", until: 10), .tokens(of: "bob", issuedBefore: 5)] {
            _ = try await insert(denial, first)
        }
        let second = try desk(shelf, at: 10)
        #expect(Set(second.denials) == [.user("ada"), .tokens(of: "bob", issuedBefore: 5)])
    }

    @Test func `what was stored stays in force when the bound is lowered`() async throws {
        let shelf = Shelf()
        let first = try desk(shelf)
        for number in 0..<10 { _ = try await insert(.user("u\(number)"), first) }
        let second = try desk(shelf, capacity: 5)
        #expect(second.denials.count == 10)
        await #expect(throws: DenialRefusal.full(capacity: 10)) {
            _ = try await self.insert(.user("x"), second)
        }
    }

    @Test func `a store that can not be read stops the start`() {
        let shelf = Shelf()
        shelf.breakDown()
        #expect(throws: (any Error).self) { _ = try self.desk(shelf) }
    }

    @Test func `what can not be stored is in force all the same, and is said not to be stored`() async throws
    {
        let shelf = Shelf()
        let desk = try desk(shelf)
        shelf.breakDown()
        #expect(try await insert(.user("ada"), desk) == "disk full")
        #expect(desk.denials == [.user("ada")])
    }

    @Test func `what can not be removed from the store stays in force`() async throws {
        let shelf = Shelf()
        let desk = try desk(shelf)
        _ = try await insert(.user("ada"), desk)
        shelf.breakDown()
        await #expect(throws: DenyFailure.notStored("disk full")) {
            _ = try await desk.remove(Denial.user("ada").target)
        }
        #expect(desk.denials == [.user("ada")])
        shelf.breakDown(false)
        #expect(try await desk.remove(Denial.user("ada").target)?.list.isEmpty == true)
        #expect(try await desk.remove(Denial.user("ada").target) == nil)
        #expect(desk.denials == [] && shelf.all == [])
    }

    @Test func `memory and disk see the changes of one target in one order`() async throws {
        let shelf = Shelf()
        let desk = try desk(shelf)
        shelf.hold()
        let (entered, isEntered) = AsyncStream.makeStream(of: Void.self)
        let first = Task { try await desk.insert(.user("ada")) { _, _ in isEntered.yield() }.problem }
        for await _ in entered { break }
        // The first one is in force and waits for its disk; nobody else's target waits for that.
        let second = Task { try await desk.remove(Denial.user("ada").target) != nil }
        #expect(try await desk.remove(Denial.user("bob").target) == nil)
        #expect(desk.denials == [.user("ada")])
        shelf.letGo()
        #expect(try await first.value == nil)
        #expect(try await second.value)
        #expect(shelf.log.suffix(2) == ["save", "remove"])
        #expect(desk.denials == [] && shelf.all == [])
    }

    @Test func `each change has a later version, and old snapshots stay as they were`() async throws {
        let desk = try desk(nil)
        let empty = desk.snapshot
        _ = try await insert(.user("ada"), desk)
        #expect(desk.snapshot.version > empty.version && empty.list.isEmpty)
        #expect(!desk.isDurable)
        await #expect(throws: DenialRefusal.nameless) { _ = try await self.insert(.user(""), desk) }
    }

    @Test func `what is over is forgotten`() async throws {
        let now = Mutex<Int64>(0)
        let desk = try DenyDesk(capacity: 100, store: nil) { now.withLock { $0 } }
        _ = try await insert(.user("ada", until: 10), desk)
        #expect(desk.removeOver() == nil)
        now.withLock { $0 = 10 }
        #expect(desk.denials == [])
        #expect(desk.removeOver()?.list.isEmpty == true)
    }
}
