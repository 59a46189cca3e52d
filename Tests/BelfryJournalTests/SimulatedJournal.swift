import BelfryBytes
import Synchronization

@testable import BelfryJournal
@testable import BelfryObserve

/// A journald that can stand still, be absent, or refuse, and keeps what it was given.
final class SimulatedJournal: JournalTransport, Sendable {
    struct State: Sendable {
        var entries: [[String: String]] = []
        var reachability = Reachability.listening
        /// What `send` answers, in turn; when it is used up, `sent`, or `absent` while absent.
        var answer: @Sendable () -> SendResult? = { nil }
        var isStopped = false
        var sends = 0
    }

    let state = Mutex(State())
    private let moved = Wakeup()
    private let resumed = Wakeup()

    func probe() -> Reachability { state.withLock { $0.reachability } }

    func send(_ entry: EntryBuffer) -> SendResult {
        state.withLock { $0.sends += 1 }
        moved.raise()
        while state.withLock({ $0.isStopped }) { _ = resumed.wait(until: Clocks.now() + .seconds(60)) }
        return state.withLock { state in
            let absent = state.reachability == .listening ? SendResult.sent : .absent
            let result = state.answer() ?? absent
            if result == .sent { state.entries.append(entry.dictionary) }
            return result
        }
    }

    func find(_ entry: SentEntry) -> Readback {
        state.withLock { state in
            state.entries.contains { $0["BELFRY_CHAIN"] == entry.chain.description } ? .found : .missing
        }
    }

    func newestChain() -> ChainValue? {
        let newest = state.withLock { $0.entries.last { $0["BELFRY_CHAIN"] != nil } }
        return newest?["BELFRY_CHAIN"].flatMap { ChainValue(hex: Array($0.utf8)) }
    }

    var entries: [[String: String]] { state.withLock { $0.entries } }

    func stop() { state.withLock { $0.isStopped = true } }

    func resume() {
        state.withLock { $0.isStopped = false }
        resumed.raise()
    }

    func go(_ reachability: Reachability) { state.withLock { $0.reachability = reachability } }

    /// Waits for the writer; false after a time far beyond any honest run.
    func waits(until condition: (State) -> Bool) -> Bool {
        let deadline = Clocks.now() + .seconds(60)
        while Clocks.now() < deadline {
            // A copy: the condition may ask the journal, whose lock the writer must not meet under this one.
            if condition(state.withLock { $0 }) { return true }
            _ = moved.wait(until: Clocks.now() + .milliseconds(1))
        }
        return false
    }
}

/// Keeps the lines it is given; can be broken, or break when it has taken so many bytes.
final class SimulatedStream: LineStream, Sendable {
    struct State: Sendable {
        var lines: [String] = []
        var writes = 0
        /// The most bytes of one write.
        var largest = 0
        var room = Int.max
    }

    let state = Mutex(State())

    func write(_ bytes: [UInt8]) -> Int {
        state.withLock { state in
            let taken = min(bytes.count, state.room)
            state.room -= state.room == .max ? 0 : taken
            state.writes += 1
            state.largest = max(state.largest, bytes.count)
            state.lines += Self.lines(bytes.prefix(taken))
            return taken
        }
    }

    /// Each with its line break; a last one without is kept as it is.
    private static func lines(_ bytes: ArraySlice<UInt8>) -> [String] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) + "\n" }
        let rest = lines.removeLast().dropLast()
        return rest.isEmpty ? lines : lines + [String(rest)]
    }

    func breaks(after room: Int) { state.withLock { $0.room = room } }

    /// Without the lines that are no entries.
    var entries: [String] { state.withLock { $0.lines.filter { !$0.hasPrefix("warning journal ") } } }
    var notices: [String] { state.withLock { $0.lines.filter { $0.hasPrefix("warning journal ") } } }
}

extension EntryBuffer {
    var dictionary: [String: String] {
        var result: [String: String] = [:]
        for item in items {
            result[String(decoding: name(of: item), as: UTF8.self)] = String(
                decoding: value(of: item), as: UTF8.self)
        }
        return result
    }
}

/// What the numbers in a journal prove.
struct Trail {
    var present: [UInt64] = []
    var gaps: [ClosedRange<UInt64>] = []
    var lost: UInt64 = 0

    init(_ entries: [[String: String]]) {
        for entry in entries {
            if let number = entry["BELFRY_SEQ"].flatMap(UInt64.init) { present.append(number) }
            guard entry["BELFRY_EVENT"] == "journal.gap" else { continue }
            lost += entry["BELFRY_LOST"].flatMap(UInt64.init) ?? 0
            if let from = entry["BELFRY_FROM_SEQ"].flatMap(UInt64.init),
                let to = entry["BELFRY_TO_SEQ"].flatMap(UInt64.init)
            {
                gaps.append(from...to)
            }
        }
    }

    /// Numbers between 1 and the last that are not there.
    var missing: [UInt64] {
        let known = Set(present)
        return (1...max(1, present.max() ?? 1)).filter { !known.contains($0) }
    }

    /// The numbers the gaps name.
    var named: [UInt64] { gaps.flatMap { Array($0) } }
}
