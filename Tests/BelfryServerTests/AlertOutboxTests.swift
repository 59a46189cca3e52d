import BelfryBytes
import BelfrySidePort
import Foundation
import Testing

@testable import BelfryServer

@Suite struct AlertOutboxTests {
    private func record(_ name: String, _ number: Int = 0, resolved: Bool = false) -> AlertRecord {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        var record = AlertRecord(
            fingerprint: "\(name)-\(number)", name: name, severity: .warning, key: nil,
            labels: ["alertname": name], detector: "limits", since: now, fired: now, updated: now,
            evidence: .init(
                observed: 1, expected: 0, unit: "entries", score: 1, limit: 1, windowSeconds: 10, peak: 1,
                contributors: []),
            words: .init(summary: "", description: "", action: "", runbookURL: "", journal: ""), address: "")
        if resolved { record.resolved = now }
        return record
    }

    private func at(_ seconds: Int) -> Instant { Instant(nanoseconds: UInt64(seconds) * 1_000_000_000) }

    /// Takes what is due and has it delivered.
    private func deliver(_ outbox: inout AlertOutbox, _ seconds: Int) -> [String]? {
        guard let message = outbox.take(at: at(seconds)) else { return nil }
        #expect(outbox.finish(message, succeeded: true, at: at(seconds), chance: 0.5) == nil)
        return message.records.map { ($0.isFiring ? "+" : "-") + $0.fingerprint }
    }

    @Test func `Alertmanager hears of a firing alert every minute`() {
        var outbox = AlertOutbox(.alertmanager)
        outbox.note(record("A"), at: at(0))
        #expect(deliver(&outbox, 0) == ["+A-0"])
        #expect(deliver(&outbox, 59) == nil)
        #expect(deliver(&outbox, 60) == ["+A-0"])
        #expect(deliver(&outbox, 119) == nil)
        #expect(deliver(&outbox, 121) == ["+A-0"])
    }

    @Test func `Alertmanager hears of an end for five minutes, and then no more`() {
        var outbox = AlertOutbox(.alertmanager)
        outbox.note(record("A"), at: at(0))
        #expect(deliver(&outbox, 0) == ["+A-0"])
        outbox.note(record("A", resolved: true), at: at(10))
        for second in [10, 70, 130, 190, 250] { #expect(deliver(&outbox, second) == ["-A-0"]) }
        #expect(deliver(&outbox, 310) == nil)
        #expect(outbox.count == 0)
    }

    @Test func `a webhook hears of a beginning and an end once each, by name`() {
        var outbox = AlertOutbox(.webhook)
        outbox.note(record("A", 1), at: at(0))
        outbox.note(record("A", 2), at: at(0))
        outbox.note(record("B"), at: at(0))
        #expect(deliver(&outbox, 0) == ["+A-1", "+A-2"])
        #expect(deliver(&outbox, 0) == ["+B-0"])
        #expect(deliver(&outbox, 3_600) == nil)
        outbox.note(record("A", 1, resolved: true), at: at(3_600))
        #expect(deliver(&outbox, 3_600) == ["-A-1", "+A-2"])
        #expect(deliver(&outbox, 3_601) == nil)
        #expect(deliver(&outbox, 4 * 3_600) == ["+B-0"])
        #expect(outbox.count == 2)
    }

    @Test func `one message is on its way at a time`() throws {
        var outbox = AlertOutbox(.webhook)
        outbox.note(record("A"), at: at(0))
        let taken = outbox.take(at: at(0))
        let message = try #require(taken)
        outbox.note(record("B"), at: at(0))
        #expect(outbox.take(at: at(100)) == nil)
        _ = outbox.finish(message, succeeded: true, at: at(100), chance: 0)
        #expect(deliver(&outbox, 100) == ["+B-0"])
    }

    @Test func `what changes while a message is on its way is told again`() throws {
        var outbox = AlertOutbox(.webhook)
        outbox.note(record("A"), at: at(0))
        let taken = outbox.take(at: at(0))
        let message = try #require(taken)
        outbox.note(record("A", resolved: true), at: at(1))
        _ = outbox.finish(message, succeeded: true, at: at(1), chance: 0)
        #expect(deliver(&outbox, 1) == ["-A-0"])
        #expect(outbox.count == 0)
    }

    @Test func `failures wait longer each time, at most a minute, and are an outage once`() throws {
        var outbox = AlertOutbox(.alertmanager)
        outbox.note(record("A"), at: at(0))
        var waits: [Int] = []
        var outages: [AlertOutbox.Outage] = []
        var second = 0
        var last = 0
        while waits.count < 10 {
            if let message = outbox.take(at: at(second)) {
                waits.append(second - last)
                last = second
                if let outage = outbox.finish(message, succeeded: false, at: at(second), chance: 1) {
                    outages.append(outage)
                }
            }
            second += 1
        }
        #expect(waits == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60])
        #expect(outages == [.init(attempts: 3)])
        // It comes back, and goes again: another outage.
        while deliver(&outbox, second) == nil { second += 1 }
        for _ in 0..<3 {
            second += 100
            let taken = outbox.take(at: at(second))
            let message = try #require(taken)
            let outage = outbox.finish(message, succeeded: false, at: at(second), chance: 0)
            if let outage { outages.append(outage) }
        }
        #expect(outages.count == 2)
    }

    @Test func `relays that lost the same receiver do not come back together`() throws {
        func next(_ chance: Double) throws -> Int {
            var outbox = AlertOutbox(.alertmanager)
            outbox.note(record("A"), at: at(0))
            for _ in 0..<6 {
                let taken = outbox.take(at: at(1_000))
                let message = try #require(taken)
                _ = outbox.finish(message, succeeded: false, at: at(900), chance: chance)
            }
            var second = 900
            while second <= 1_000, outbox.take(at: at(second)) == nil { second += 1 }
            return second
        }
        #expect(try next(0) == 916)
        #expect(try next(1) == 932)
    }

    @Test func `an end that nobody takes is dropped after an hour`() throws {
        var outbox = AlertOutbox(.webhook)
        outbox.note(record("A", resolved: true), at: at(0))
        #expect(outbox.count == 1)
        #expect(outbox.take(at: at(3_601)) == nil)
        #expect(outbox.count == 0)
    }

    @Test func `a full outbox gives up ends first`() {
        var outbox = AlertOutbox(.alertmanager)
        outbox.note(record("Fires"), at: at(0))
        for number in 0..<AlertOutbox.capacity { outbox.note(record("A", number, resolved: true), at: at(0)) }
        #expect(outbox.count == AlertOutbox.capacity)
        #expect(deliver(&outbox, 0)?.contains("+Fires-0") == true)
    }

    @Test func `what is signed holds its moment`() {
        let secret = Secret(Array("key".utf8))
        let headers = AlertPush.signature(of: Array("{}".utf8), secret, at: 1_800_000_000)
        #expect(headers.map(\.name) == ["X-Belfry-Timestamp", "X-Belfry-Signature"])
        #expect(headers.first?.value == "1800000000")
        // printf '1800000000.{}' | openssl dgst -sha256 -hmac key
        #expect(
            headers.last?.value == "sha256=7321475872b03ff21bdc2dfd86ea2d99ec29c479fbe4a77aa6acf4509505493f")
    }
}
