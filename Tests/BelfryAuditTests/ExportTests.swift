import Foundation
import Testing

@testable import BelfryAudit
@testable import BelfryObserve

@Suite struct ExportTests {
    private func record(_ kind: EventKind, _ fields: [String: String] = [:]) throws -> ExportRecord {
        var entry = AuditEntry()
        let common = [
            "SYSLOG_IDENTIFIER": "belfry", "BELFRY_EVENT": kind.name, "MESSAGE": "a \"sentence\"\n",
            "PRIORITY": "5",
            "__REALTIME_TIMESTAMP": "1795900000000001", "BELFRY_SEQ": "7", "_PID": "9",
        ]
        for (name, value) in common.merging(fields, uniquingKeysWith: { $1 }) {
            entry.add(name: name.utf8, value: value.utf8)
        }
        return try #require(ExportRecord(entry))
    }

    private func object(_ format: ExportFormat, _ record: ExportRecord) throws -> [String: Any] {
        var bytes: [UInt8] = []
        format.append(record, to: &bytes)
        return try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test(arguments: EventKind.allCases)
    func `every event has a class, a type of that class and a category`(kind: EventKind) throws {
        let object = try object(.ocsf, record(kind))
        let known: Set = [2004, 3002, 3003, 4001, 4002, 6002, 6003, 6008]
        let id = try #require(object["class_uid"] as? Int)
        let activity = try #require(object["activity_id"] as? Int)
        #expect(known.contains(id))
        #expect(object["category_uid"] as? Int == id / 1000)
        #expect(object["type_uid"] as? Int == id * 100 + activity)
        #expect(object["time"] as? Int == 1_795_900_000_000)
        #expect((object["activity_name"] != nil) == (activity == 99))
    }

    @Test func `a refused token is a failed logon of a user from an address`() throws {
        let fields = [
            "BELFRY_PEER_ADDR": "192.0.2.7", "BELFRY_SUBJECT": "9f86", "BELFRY_REASON": "expired",
            "BELFRY_TIME": "2026-11-29T00:26:40.000042Z",
        ]
        let failure = try record(.authFailure, fields)
        let ocsf = try object(.ocsf, failure)
        #expect(ocsf["class_uid"] as? Int == 3002 && ocsf["status_id"] as? Int == 2)
        #expect((ocsf["user"] as? [String: Any])?["uid"] as? String == "9f86")
        #expect((ocsf["src_endpoint"] as? [String: Any])?["ip"] as? String == "192.0.2.7")
        let ecs = try object(.ecs, failure)
        let event = try #require(ecs["event"] as? [String: Any])
        #expect(ecs["@timestamp"] as? String == "2026-11-29T00:26:40.000042Z")
        #expect(
            event["category"] as? [String] == ["authentication"] && event["outcome"] as? String == "failure")
        #expect((ecs["source"] as? [String: Any])?["ip"] as? String == "192.0.2.7")
        #expect((ecs["user"] as? [String: Any])?["hash"] as? String == "9f86")
    }

    @Test func `an entry for many sources names no address`() throws {
        let many = try record(.connRejected, ["BELFRY_PEER_ADDR": "many"])
        #expect((try object(.ocsf, many)["src_endpoint"] as? [String: Any])?["ip"] == nil)
        #expect((try object(.ecs, many)["source"] as? [String: Any])?["ip"] == nil)
    }

    @Test func `entries of others are left out`() {
        var entry = AuditEntry()
        entry.add(name: "SYSLOG_IDENTIFIER".utf8, value: "sshd".utf8)
        entry.add(name: "BELFRY_EVENT".utf8, value: "conn.open".utf8)
        #expect(ExportRecord(entry) == nil)
    }

    @Test(arguments: [0, 1, 1_795_900_000_000_042, 951_782_400_000_000, 253_402_300_799_999_999] as [UInt64])
    func `a time that was written is read`(microseconds: UInt64) {
        let text = UTCTime.text(microseconds: microseconds)
        #expect(UTCTime.microseconds(of: text) == Int64(microseconds))
    }

    @Test(arguments: [
        "", "2026-11-29T00:26:40Z", "2026-13-29T00:26:40.000042Z", "2026-11-29 00:26:40.000042Z",
    ])
    func `another time is none`(text: String) {
        #expect(UTCTime.microseconds(of: text) == nil)
    }
}
