import BelfryBytes
import BelfryObserve
import Synchronization
import Testing

@testable import BelfryServer

@Suite struct OverloadWatchTests {
    private final class Sink: EventSink {
        let events = Mutex<[String]>([])

        func record(_ event: Event) {
            let words = [JournalField.resource, .pressure, .action, .enter].map { field in
                switch event[field] {
                case .text(let text): text
                case .flag(let flag): flag ? "yes" : "no"
                default: "?"
                }
            }
            events.withLock { $0.append(words.joined(separator: " ")) }
        }
    }

    private let sink = Sink()
    private let registry = MetricRegistry(
        build: BuildInfo(version: "", commit: "", swift: "", openssl: ""), certificateNames: [],
        eventNames: [])

    private func watch() -> OverloadWatch { OverloadWatch(sink: sink, shard: registry.shared) }
    private var told: [String] { sink.events.withLock { $0 } }
    private func at(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func `a measure is told when it begins and when it was not needed for twelve seconds`() {
        let watch = watch()
        watch.took(.pauseAccept, at: at(100))
        watch.took(.pauseAccept, at: at(110))
        watch.settle(at: at(122)) { _ in 7 }
        #expect(told == ["descriptors 100% pause_accept yes"])
        watch.settle(at: at(123)) { _ in 7 }
        watch.settle(at: at(124)) { _ in 7 }
        #expect(told == ["descriptors 100% pause_accept yes", "descriptors 7% pause_accept no"])
        #expect(registry.snapshot()[.overloadActions(.pauseAccept)] == 1)
        watch.took(.pauseAccept, at: at(125))
        #expect(told.count == 3)
        #expect(registry.snapshot()[.overloadActions(.pauseAccept)] == 2)
    }

    @Test func `a measure that is held lasts as long as it is held`() {
        let watch = watch()
        watch.hold(.refuseNew, false, pressure: 0, at: at(100))
        watch.hold(.refuseNew, true, pressure: 40, at: at(101))
        watch.hold(.refuseNew, true, pressure: 50, at: at(102))
        watch.settle(at: at(200)) { _ in 1 }
        #expect(told == ["journal 40% refuse_new yes"])
        watch.hold(.refuseNew, false, pressure: 2, at: at(201))
        watch.hold(.refuseNew, false, pressure: 1, at: at(202))
        #expect(told == ["journal 40% refuse_new yes", "journal 2% refuse_new no"])
    }

    @Test func `measures do not mix`() {
        let watch = watch()
        watch.took(.shedHistory, at: at(100))
        watch.took(.rejectConnections, at: at(105))
        watch.settle(at: at(113)) { _ in 9 }
        #expect(
            told == [
                "history 100% shed_history yes", "connections 100% reject_connections yes",
                "history 9% shed_history no",
            ])
    }

    @Test func `while nobody is let in, nobody is`() {
        let admission = ConnectionAdmission(limit: 2)
        #expect(!admission.refusesAll && admission.pressure == 0)
        #expect(admission.admit() && admission.pressure == 0.5)
        admission.refusesAll = true
        #expect(admission.refusesAll)
    }
}
