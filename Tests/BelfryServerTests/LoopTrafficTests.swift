import BelfryAnomaly
import BelfryAuth
import BelfryReactor
import Testing

@testable import BelfryServer

@Suite struct LoopTrafficTests {
    private let pseudonym = Pseudonym(key: [UInt8](repeating: 7, count: 32))

    private func traffic(isOn: Bool = true) -> LoopTraffic {
        LoopTraffic(TrafficSettings(isOn: isOn, seed: 11), pseudonym)
    }

    @Test func `a thousand publications of a tick are counted to the last`() {
        var traffic = traffic()
        for number in 0..<1_000 {
            traffic.published(by: UInt64(number % 3 + 1), in: "room\(number % 2)")
            traffic.fannedOut(in: "room0", to: 4)
        }
        let share = traffic.take(stillBlocked: [])
        let sketch = share.sketch
        #expect(!share.isSampled && sketch.senders.total == 1_000)
        #expect(sketch.senders.top?.guaranteed == 334)
        #expect(sketch.deliveries.total == 4_000)
    }

    @Test func `of more, one in eight stands for all, whatever their rhythm`() {
        var traffic = traffic()
        for number in 0..<400_000 {
            traffic.published(by: UInt64(number % 8 + 1), in: "room")
            traffic.fannedOut(in: "room\(number % 8)", to: number % 8 == 0 ? 8 : 0)
        }
        let share = traffic.take(stillBlocked: [])
        let sketch = share.sketch
        #expect(share.isSampled && !traffic.take(stillBlocked: []).isSampled)
        #expect((392_000...408_000).contains(sketch.senders.total))
        for entry in sketch.senders.ranking { #expect((47_000...53_000).contains(entry.count)) }
        #expect((376_000...424_000).contains(sketch.deliveries.total))
    }

    @Test func `what is switched on looks from then on, and what is switched off no more`() {
        var traffic = traffic(isOn: false)
        traffic.published(by: 1, in: "room")
        traffic.watch(true)
        traffic.published(by: 1, in: "room")
        #expect(traffic.take(stillBlocked: []).sketch.senders.total == 1)
        traffic.published(by: 1, in: "room")
        traffic.watch(false)
        traffic.published(by: 1, in: "room")
        traffic.watch(true)
        #expect(traffic.take(stillBlocked: []).sketch.senders.total == 0)
    }

    @Test func `a channel goes by its pseudonym in the journal`() {
        var traffic = traffic()
        traffic.published(by: 1, in: "chat:lobby")
        traffic.published(by: 1, in: "chat:lobby")
        let key = UInt64(pseudonym.of("chat:lobby"), radix: 16)
        let rooms = traffic.take(stillBlocked: []).sketch.rooms
        #expect(rooms.top?.key == key && rooms.top?.count == 2)
    }

    @Test func `what was handed over is not told again`() {
        var traffic = traffic()
        traffic.accepted(PeerAddress(ip: .loopback, port: 1))
        traffic.handshakeFailed(PeerAddress(ip: .loopback, port: 1))
        let first = traffic.take(stillBlocked: []).sketch
        #expect(first.accepts.total == 1 && first.failedHandshakes.total == 1 && first.sources.estimate == 1)
        let second = traffic.take(stillBlocked: []).sketch
        #expect(second.accepts.isEmpty && second.failedHandshakes.isEmpty && second.sources.isEmpty)
    }

    @Test func `a loop whose detectors are off keeps nothing`() {
        var traffic = traffic(isOn: false)
        traffic.accepted(PeerAddress(ip: .loopback, port: 1))
        traffic.published(by: 1, in: "room")
        traffic.refused(nil, PeerAddress(ip: .loopback, port: 1))
        let sketch = traffic.take(stillBlocked: []).sketch
        #expect(sketch.accepts.isEmpty && sketch.senders.isEmpty && sketch.failingNets.isEmpty)
    }

    @Test func `networks are a 24th of IPv4 and a 48th of IPv6`() throws {
        let old = PeerAddress(ip: try #require(IPAddress(parsing: "192.0.2.77")), port: 1)
        #expect(old.net.description == "192.0.2.0/24")
        let new = PeerAddress(ip: try #require(IPAddress(parsing: "2001:db8:1:2::3")), port: 1)
        #expect(new.net.description == "2001:db8:1::/48")
    }
}
