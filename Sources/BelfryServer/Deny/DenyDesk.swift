import BelfryAuth
import Synchronization

// The list of denials and who may change it.
//
// Put in force: first in memory, so that nobody slips in while a disk is slow; then on disk; only then is it confirmed.
// Taken back: first on disk, then in memory. So whatever fails in between, nobody is let in who should not be.

/// Where denials outlive the process.
protocol DenialStore: Sendable {
    /// Everything that is not over.
    func load() throws -> [Denial]
    /// Returns when it is on disk, in place of an earlier one of the same target.
    func save(_ denial: Denial) async throws
    /// Returns when its removal is on disk.
    func remove(_ target: Denial.Target) async throws
}

/// The list as it stood at one moment, for loops to read without a lock.
final class DenySnapshot: Sendable {
    let list: DenyList
    /// Grows with each change: mail of an older one must not undo a newer one.
    let version: UInt64

    init(_ list: DenyList, version: UInt64) {
        self.list = list
        self.version = version
    }
}

/// The process's denials.
final class DenyDesk: Sendable {
    private struct State {
        var current: DenySnapshot
        /// Targets being changed, and who waits for his turn with each.
        var busy: [Denial.Target: [CheckedContinuation<Void, Never>]] = [:]
    }

    private let state: Mutex<State>
    private let store: (any DenialStore)?
    private let unixSeconds: @Sendable () -> Int64

    /// Whether what is put in force outlives the process.
    var isDurable: Bool { store != nil }

    /// - Parameters:
    ///   - capacity: Most denials in force; what is stored is in force in any case.
    ///   - store: `nil` keeps them in memory alone.
    ///   - unixSeconds: The wall clock.
    /// - Throws: What the store says when it can not be read.
    init(
        capacity: Int, store: (any DenialStore)?, unixSeconds: @escaping @Sendable () -> Int64
    ) throws {
        let stored = try store?.load() ?? []
        let now = unixSeconds()
        var list = DenyList(capacity: max(capacity, stored.count))
        for denial in stored where !denial.isOver(at: now) { try list.insert(denial, at: now) }
        state = Mutex(State(current: DenySnapshot(list, version: 0)))
        self.store = store
        self.unixSeconds = unixSeconds
    }

    var snapshot: DenySnapshot { state.withLock { $0.current } }

    /// Everything in force, in no order.
    var denials: [Denial] { snapshot.list.denials(at: unixSeconds()) }

    /// Puts a denial in force and stores it.
    ///
    /// - Parameters:
    ///   - denial: In place of an earlier one of the same target.
    ///   - isInForce: Called when the list holds it, before it is stored, with what is in force.
    /// - Returns: The answer of `isInForce`, and the store's words if it could not be stored: then it is in force until
    ///   the process ends.
    /// - Throws: ``DenialRefusal``; nothing has changed then.
    func insert<Answer>(
        _ denial: Denial, isInForce: (Denial, DenySnapshot) async -> Answer
    ) async throws(DenialRefusal) -> (answer: Answer, problem: String?) {
        await takeTurn(denial.target)
        defer { endTurn(denial.target) }
        let now = unixSeconds()
        var inserted = denial
        let snapshot = try change { list throws(DenialRefusal) in
            inserted = try list.insert(denial, at: now)
        }
        let answer = await isInForce(inserted, snapshot)
        do {
            try await store?.save(inserted)
            return (answer, nil)
        } catch {
            return (answer, "\(error)")
        }
    }

    /// Takes a denial back.
    ///
    /// - Returns: The list without it, or `nil` when there was none.
    /// - Throws: ``DenyFailure/notStored(_:)``; it is in force then, as before.
    func remove(_ target: Denial.Target) async throws(DenyFailure) -> DenySnapshot? {
        await takeTurn(target)
        defer { endTurn(target) }
        do { try await store?.remove(target) } catch { throw .notStored("\(error)") }
        var wasThere = false
        let snapshot = change { list in wasThere = list.remove(target) }
        return wasThere ? snapshot : nil
    }

    /// Forgets what is over; the store does so by itself.
    ///
    /// - Returns: The list without it, or `nil` when nothing is.
    func removeOver() -> DenySnapshot? {
        let now = unixSeconds()
        var removed = false
        let snapshot = change { list in removed = list.removeOver(at: now) }
        return removed ? snapshot : nil
    }

    private func change<Failure>(
        _ body: (inout DenyList) throws(Failure) -> Void
    ) throws(Failure) -> DenySnapshot {
        try state.withLock { state throws(Failure) in
            var list = state.current.list
            try body(&list)
            state.current = DenySnapshot(list, version: state.current.version &+ 1)
            return state.current
        }
    }

    // MARK: One change of a target at a time, so that memory and disk see the same order

    private func takeTurn(_ target: Denial.Target) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.busy[target] != nil else {
                    state.busy[target] = []
                    return true
                }
                state.busy[target]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func endTurn(_ target: Denial.Target) {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.busy[target]?.isEmpty == false else {
                state.busy[target] = nil
                return nil
            }
            return state.busy[target]?.removeFirst()
        }
        next?.resume()
    }
}

/// Why a change of the denials failed.
enum DenyFailure: Error, Equatable, CustomStringConvertible {
    case refused(DenialRefusal)
    /// The store's words.
    case notStored(String)

    var description: String {
        switch self {
        case .refused(let refusal): "\(refusal)"
        case .notStored(let reason): "not stored: \(reason)"
        }
    }
}
