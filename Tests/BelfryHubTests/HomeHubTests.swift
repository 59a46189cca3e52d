import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryProtocol
import Testing

@Suite("Home hub")
struct HomeHubTests {
    @Test func `a subscribe is answered before its own join is pushed`() {
        var house = House(loops: 2)
        house.subscribe("ada", loop: 1, announced: true)
        #expect(house.sent == ["1 subscribed 1", "1 join ada"])
    }

    @Test func `a publication goes once to each loop with members and the answer comes after`() {
        var house = House(loops: 3)
        house.subscribe("ada", loop: 0)
        house.subscribe("bob", loop: 2)
        house.subscribe("eve", loop: 2)
        house.sent = []
        house.publish("hi", loop: 1, command: 9)
        #expect(house.sent == ["0 publication hi", "2 publication hi", "1 published 9"])
        #expect(house.encoded == [.json])
    }

    @Test func `a publication nobody listens to is accepted and never encoded`() {
        var house = House(loops: 2)
        house.publish("hi", loop: 1, command: 3)
        #expect(house.sent == ["1 published 3"])
        #expect(house.encoded == [])
    }

    @Test func `a leave reaches those who stay and not the one who left`() {
        var house = House(loops: 2)
        house.subscribe("ada", loop: 0, announced: true)
        house.subscribe("bob", loop: 1, announced: true)
        house.sent = []
        house.unsubscribe("ada", loop: 0, announced: true)
        #expect(house.sent == ["1 leave ada"])
    }

    @Test func `the leave of the last member reaches the bus before the channel is given up`() {
        let bus = Bus()
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("ada", loop: 0, announced: true)
        bus.settle(&house)
        house.unsubscribe("ada", loop: 0, announced: true)
        bus.settle(&house)
        #expect(bus.log == ["subscribe", "join ada", "leave ada", "unsubscribe"])
    }

    @Test func `a channel without members is forgotten`() {
        var house = House(loops: 2)
        house.subscribe("ada", loop: 0)
        house.subscribe("bob", loop: 0)
        house.unsubscribe("ada", loop: 0)
        #expect(house.hub.channelCount == 1)
        house.unsubscribe("bob", loop: 0)
        #expect(house.hub.channelCount == 0)
    }

    @Test func `presence holds a client from its subscribe reply until it leaves`() {
        var house = House(loops: 1)
        house.subscribe("ada", loop: 0, present: true)
        house.sent = []
        house.ask(.presenceStatistics(channel: House.channel, .command(house.ticket(0, 5))))
        house.unsubscribe("ada", loop: 0, present: true)
        house.ask(.presenceStatistics(channel: House.channel, .call(CallTicket(loop: 0, number: 6))))
        #expect(house.sent == ["0 stats 1 1 5", "0 stats 0 0 call 6"])
    }

    @Test func `unsubscribing without a subscription changes nothing`() {
        var house = House(loops: 1)
        house.unsubscribe("nobody", loop: 0, present: true, announced: true)
        #expect(house.sent.isEmpty)
        #expect(house.hub.channelCount == 0)
    }

    @Test func `calls of the server API are answered where they came from`() throws {
        let policy = try #require(HistoryPolicy(size: 5, ttl: .seconds(9)))
        var house = House(loops: 3)
        let call = Asker.call(CallTicket(loop: 2, number: 7))
        let publication = Publication(data: [1])
        house.ask(.publish(channel: "c", publication, PublishOptions(history: policy), call))
        house.ask(.history(channel: "c", HistoryQuery(limit: -1), policy, call))
        house.ask(.removeHistory(channel: "c", call))
        house.ask(.history(channel: "c", HistoryQuery(limit: -1), policy, call))
        house.ask(.presence(channel: "c", call))
        #expect(
            house.sent == [
                "2 published call 7", "2 history [1] of 1 call 7", "2 removed call 7",
                "2 history [] of 1 call 7",
                "2 presence 0 call 7",
            ])
        #expect(house.hub.pendingCount == 0)
    }

    @Test func `a repeated publication is answered and not delivered`() {
        var house = House(loops: 1)
        var options = PublishOptions()
        options.idempotency = IdempotencyKey("k")
        house.subscribe("ada", loop: 0)
        house.publish("hi", loop: 0, command: 2, options)
        house.publish("hi", loop: 0, command: 3, options)
        #expect(house.sent == ["0 subscribed 1", "0 publication hi", "0 published 2", "0 duplicate 3"])
    }
}

@Suite("Forms of a publication")
struct FormTests {
    private func delta() -> PublishOptions {
        var options = PublishOptions(history: HistoryPolicy(size: 9, ttl: .seconds(9)))
        options.usesDelta = true
        return options
    }

    @Test func `each form is made once and only when somebody takes it`() {
        var house = House(loops: 3)
        house.subscribe("a", loop: 0)
        house.subscribe("b", loop: 1)
        house.publish("hello", loop: 0, command: 1)
        #expect(house.encoded == [.json])
        house.subscribe("c", loop: 1, codec: .protobuf)
        house.subscribe("d", loop: 2, codec: .protobuf)
        house.publish("hello", loop: 0, command: 1)
        #expect(house.encoded == [.json, .json, .protobuf])
        house.unsubscribe("a", loop: 0)
        house.unsubscribe("b", loop: 1)
        house.publish("hello", loop: 0, command: 1)
        #expect(house.encoded == [.json, .json, .protobuf, .protobuf])
    }

    @Test func `the first publication after a subscribe is full and the next a patch`() {
        var house = House(loops: 1)
        house.subscribe("a", loop: 0, delta: true)
        house.sent = []
        for text in ["aaaaa", "bbbbb", "ccccc"] { house.publish(text, loop: 0, command: 1, delta()) }
        #expect(house.encoded == [.jsonString, .jsonPatch, .jsonPatch])
        #expect(
            house.sent.filter { !$0.contains("published") } == [
                "0 publication aaaaa", "0 patch aa>bb", "0 patch bb>cc",
            ])
    }

    @Test func `a newcomer gets a full publication while the others get a patch`() {
        var house = House(loops: 1)
        house.subscribe("a", loop: 0, delta: true)
        for text in ["aaaaa", "bbbbb"] { house.publish(text, loop: 0, command: 1, delta()) }
        house.subscribe("b", loop: 0, connection: 2, delta: true)
        house.publish("ccccc", loop: 0, command: 1, delta())
        house.publish("ddddd", loop: 0, command: 1, delta())
        #expect(house.encoded == [.jsonString, .jsonPatch, .jsonPatch, .jsonString, .jsonPatch])
    }

    @Test func `a patch that would not be smaller is not used`() {
        var house = House(loops: 1)
        house.subscribe("a", loop: 0, codec: .protobuf, delta: true)
        for text in ["aaaaa", "bb", "ccccc"] { house.publish(text, loop: 0, command: 1, delta()) }
        #expect(house.encoded == [.protobuf, .protobuf, .protobufPatch])
        #expect(house.sent.contains("0 patch bb>cc"))
    }

    @Test func `where a patch can not be written the data goes in full`() {
        var house = House(loops: 1)
        house.subscribe("a", loop: 0, delta: true)
        house.subscribe("b", loop: 0, connection: 2, codec: .protobuf, delta: true)
        for text in ["!aaaa", "bbbbb", "ccccc"] { house.publish(text, loop: 0, command: 1, delta()) }
        #expect(
            house.encoded == [
                .jsonString, .protobuf, .protobufPatch, .jsonString, .jsonPatch, .protobufPatch,
            ]
        )
    }

    @Test func `a publication without delta is full and the base of the next`() {
        var house = House(loops: 1)
        house.subscribe("a", loop: 0, delta: true)
        house.publish("aaaaa", loop: 0, command: 1, delta())
        house.publish("bbbbb", loop: 0, command: 1)
        house.publish("ccccc", loop: 0, command: 1, delta())
        #expect(house.encoded == [.jsonString, .jsonString, .jsonPatch])
        #expect(house.sent.contains("0 patch bb>cc"))
    }

    @Test func `the base is dropped with the last member that takes patches`() {
        var house = House(loops: 1)
        house.subscribe("plain", loop: 0)
        house.subscribe("a", loop: 0, connection: 2, delta: true)
        house.publish("aaaaa", loop: 0, command: 1, delta())
        house.unsubscribe("a", loop: 0, connection: 2, delta: true)
        house.subscribe("a", loop: 0, connection: 2, delta: true)
        house.publish("bbbbb", loop: 0, command: 1, delta())
        #expect(house.encoded == [.json, .jsonString, .json, .jsonString])
    }

    /// Whoever joins and leaves, and whatever is published: a member never gets a patch that it can not apply.
    @Test("bases stay in step on both sides", arguments: 0..<200)
    func bases(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var house = House(loops: 1)
        var local = LocalHub()
        var bases: [UInt64: String] = [:]
        for step in 0..<60 {
            let connection = UInt64(random.below(4))
            house.deliveries = []
            let codec = connection % 2 == 0 ? Codec.json : .protobuf
            if random.below(3) == 0 {
                if local.members(of: House.channel).contains(where: { $0.connection == connection }) {
                    house.unsubscribe("c", loop: 0, connection: connection, codec: codec, delta: true)
                    local.leave(connection: connection, channel: House.channel)
                } else {
                    house.subscribe("c", loop: 0, connection: connection, codec: codec, delta: true)
                    var options: MemberOptions = .delta
                    if codec == .protobuf { options.insert(.protobuf) }
                    local.join(Member(connection: connection, options), channel: House.channel)
                    bases[connection] = nil
                }
            } else {
                let text = "\(step % 10)\(step / 10)" + (random.below(4) == 0 ? "" : "xxxx")
                var options = random.below(5) == 0 ? PublishOptions() : delta()
                options.usesDelta = options.usesDelta && random.below(4) > 0
                house.publish(text, loop: 0, command: 1, options)
            }
            for routed in house.deliveries {
                guard case .publication(let channel, let delivery) = routed.delivery else { continue }
                for member in local.members(of: channel) {
                    let frame = delivery.variant(for: member).flatMap { delivery.frames[$0] }
                    let words = String(decoding: frame ?? [], as: UTF8.self).split(separator: " ")
                    if words.first == "patch" {
                        let base = bases[member.connection]?.prefix(2) ?? "none"
                        #expect(words.last?.prefix(2) == base, "seed \(seed) step \(step)")
                        bases[member.connection] = String(words.last?.suffix(2) ?? "")
                    } else {
                        #expect(words.first == "publication", "seed \(seed) step \(step)")
                        bases[member.connection] = words.last.map(String.init)
                    }
                }
                local.delivered(delivery.offset, of: channel)
            }
        }
    }
}
