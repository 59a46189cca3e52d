import Foundation
import Synchronization
import Testing

@testable import BelfrySidePort

@Suite("Side port: detectors", .timeLimit(.minutes(1)))
struct DetectorsTests {
    private static func record(
        _ alerts: [DetectorRecord.Alert], learning: DetectorRecord.Learning = .on, score: Double? = 1,
        isJudged: Bool = true
    ) -> DetectorRecord {
        DetectorRecord(
            name: "auth_failures", learning: learning,
            sight: score.map {
                .init(
                    observed: 61, expected: 3, unit: "per minute", windowSeconds: 60, score: $0, limit: 6,
                    isJudged: isJudged)
            }, alerts: alerts)
    }

    private static func alert(
        _ mode: DetectorRecord.Alert.Mode = .on, firing: Int = 0, clearing: Int = 0, pending: Int = 0
    ) -> DetectorRecord.Alert {
        .init(
            name: "Burst", severity: .critical, mode: mode, firing: firing, clearing: clearing,
            pending: pending, ticks: pending, ticksNeeded: 2)
    }

    @Test(arguments: [
        (record([alert()]), DetectorRecord.State.quiet, "below its limit"),
        (record([alert()], score: 7), .quiet, "a further condition"),
        (record([alert()], score: 7, isJudged: false), .quiet, "too little to judge"),
        (record([alert()], score: nil), .quiet, "no tick"),
        (record([alert()], learning: .warmingUp), .warmingUp, "not seen enough"),
        (record([alert(.off)], learning: .warmingUp), .off, "switched off"),
        (record([alert(.off), alert()]), .quiet, "below"),
        (record([alert(pending: 1)], learning: .warmingUp), .pending, "true for 1 of 2 ticks"),
        (record([alert(pending: 1), alert(firing: 1)]), .firing, "Burst fires"),
        (record([alert(firing: 2, clearing: 2)]), .firing, "hold-down"),
        (record([alert(firing: 2, clearing: 1)]), .firing, "Burst fires"),
        (record([alert(.shadow, firing: 1)]), .firing, "nobody is told"),
    ])
    func `a detector says why its alerts come or do not`(
        record: DetectorRecord, state: DetectorRecord.State, reason: String
    ) {
        #expect(record.state == state)
        #expect(record.reason.contains(reason))
    }

    @Test func `what is seen is written as JSON, and what is not known yet as null`() async throws {
        let source = FakeSource()
        source.state.withLock { state in
            state.detectors.ticks = 7
            state.detectors.judged = Date(timeIntervalSince1970: 1_800_000_000)
            state.detectors.detectors = [Self.record([Self.alert(pending: 1)]), Self.record([], score: nil)]
        }
        let body = try await withSidePort(source) { try await $0.get("/detectors").body.description }
        let json = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        #expect(json["enabled"] as? Bool == true && json["tick_seconds"] as? Double == 10)
        #expect(json["ticks"] as? Int == 7 && json["judged"] as? String == "2027-01-15T08:00:00.000Z")
        let detectors = try #require(json["detectors"] as? [[String: Any]])
        let first = try #require(detectors.first)
        #expect(first["detector"] as? String == "auth_failures" && first["state"] as? String == "pending")
        #expect(first["learning"] as? String == "on")
        let seen = try #require(first["seen"] as? [String: Any])
        #expect(seen["observed"] as? Double == 61 && seen["expected"] as? Double == 3)
        #expect(seen["score"] as? Double == 1 && seen["limit"] as? Double == 6)
        #expect(seen["unit"] as? String == "per minute" && seen["window_seconds"] as? Int == 60)
        #expect(seen["judged"] as? Bool == true)
        let alert = try #require((first["alerts"] as? [[String: Any]])?.first)
        #expect(alert["name"] as? String == "Burst" && alert["mode"] as? String == "on")
        #expect(alert["ticks"] as? Int == 1 && alert["ticks_needed"] as? Int == 2)
        #expect(detectors.last?["seen"] is NSNull)
    }

    @Test func `without detectors the list is empty`() async throws {
        let source = FakeSource()
        source.state.withLock { $0.detectors = DetectorReport(isOn: false, tickSeconds: 10) }
        let reply = try await withSidePort(source) { try await $0.get("/detectors") }
        #expect(reply.status == 200)
        #expect(
            reply.body
                == "{\"detectors\":[],\"enabled\":false,\"judged\":null,\"tick_seconds\":10,\"ticks\":0}\n")
    }
}
