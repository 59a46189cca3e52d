package import BelfryBroker
package import BelfryProtocol
import Testing

// What every broker must do, whoever it is. Each implementation's tests run all rules on fresh instances:
//
//     @Test("keeps the contract", arguments: BrokerContract.rules) func contract(rule: BrokerContract.Rule) throws {
//         try rule.prove(BrokerBench { MemoryBroker(seed: 1) })
//     }

/// A broker on the bench: asks, and waits for answers that come later.
package final class BrokerBench {
    private var broker: any Broker
    private let wait: () -> Void
    private var tickets: UInt64 = 0
    package var now = WallTime(milliseconds: 1_000_000)
    /// Of the histories that the rules ask for.
    package var durability = Durability.acknowledged
    /// All that the broker has said, in order.
    package private(set) var events: [BrokerEvent] = []

    /// Polls before a missing answer counts as none.
    private static let pollsMax = 10_000

    /// - Parameters:
    ///   - wait: Lets a broker with threads of its own get on.
    ///   - make: A broker without streams.
    package init(wait: @escaping () -> Void = {}, _ make: () throws -> any Broker) rethrows {
        self.wait = wait
        broker = try make()
    }

    package func poll() { broker.poll(now: now, into: &events) }

    package func tell(_ request: BrokerRequest) { broker.submit(request, now: now, into: &events) }

    /// Submits a request and waits until its answer is there.
    package func ask<Answer>(
        _ request: (BrokerTicket) -> BrokerRequest, _ find: (BrokerEvent, BrokerTicket) -> Answer?
    ) throws -> Answer {
        tickets += 1
        let ticket = BrokerTicket(rawValue: tickets)
        tell(request(ticket))
        for _ in 0..<Self.pollsMax {
            for event in events { if let answer = find(event, ticket) { return answer } }
            wait()
            poll()
        }
        throw NoAnswer()
    }

    package struct NoAnswer: Error {
        package init() {}
    }

    package func policy() throws -> HistoryPolicy {
        var policy = try #require(HistoryPolicy(size: 3, ttl: .seconds(10), metaTTL: .seconds(100)))
        policy.durability = durability
        return policy
    }

    package func subscribe(_ channel: String, _ policy: HistoryPolicy? = nil) throws -> StreamPosition? {
        let result: Result<StreamPosition?, BrokerFailure> = try ask(
            { .subscribe(channel: channel, policy, $0) },
            { event, ticket in
                guard case .subscribed(ticket, let result) = event else { return nil }
                return result
            })
        return try result.get()
    }

    package func publish(
        _ text: String, to channel: String, _ options: PublishOptions
    ) throws -> PublishOutcome {
        try publish(Publication(data: Array(text.utf8)), to: channel, options)
    }

    package func publish(
        _ publication: Publication, to channel: String, _ options: PublishOptions
    ) throws -> PublishOutcome {
        try ask({ .publish(channel: channel, publication, options, $0) }) { event, ticket in
            guard case .published(ticket, let result) = event else { return nil }
            return try? result.get()
        }
    }

    package func history(
        _ channel: String, _ query: HistoryQuery, _ policy: HistoryPolicy
    ) throws -> HistoryPage {
        try ask({ .history(channel: channel, query, policy, $0) }) { event, ticket in
            guard case .history(ticket, let result) = event else { return nil }
            return try? result.get()
        }
    }

    package func removeHistory(_ channel: String) throws {
        let result: Result<Void, BrokerFailure> = try ask(
            { .removeHistory(channel: channel, $0) },
            { event, ticket in
                guard case .historyRemoved(ticket, let result) = event else { return nil }
                return result
            })
        try result.get()
    }

    /// What subscribed nodes have heard, as `text@offset`; `0` without a position.
    package var heard: [String] {
        events.compactMap {
            switch $0 {
            case .publication(let event):
                "\(String(decoding: event.publication.data, as: UTF8.self))@\(event.position?.offset ?? 0)"
            case .joined(_, let info): "+\(info.client)"
            case .left(_, let info): "-\(info.client)"
            case .published, .subscribed, .history, .historyRemoved: nil
            }
        }
    }
}

package enum BrokerContract {
    package struct Rule: Sendable, CustomTestStringConvertible {
        package let testDescription: String
        package let prove: @Sendable (BrokerBench) throws -> Void

        init(_ name: String, _ prove: @escaping @Sendable (BrokerBench) throws -> Void) {
            testDescription = name
            self.prove = prove
        }
    }

    package static let rules: [Rule] = [
        Rule("a publication is returned before its publisher is answered") { bench in
            _ = try bench.subscribe("a")
            #expect(try bench.publish("x", to: "a", PublishOptions()) == .published(nil))
            #expect(bench.heard == ["x@0"])
            let kinds = bench.events.compactMap { event -> String? in
                switch event {
                case .publication: "publication"
                case .published: "published"
                default: nil
                }
            }
            #expect(kinds == ["publication", "published"])
        },
        Rule("only subscribed channels are heard, and subscribing twice changes nothing") { bench in
            _ = try bench.subscribe("a")
            _ = try bench.subscribe("a")
            _ = try bench.publish("x", to: "a", PublishOptions())
            _ = try bench.publish("y", to: "b", PublishOptions())
            bench.tell(.unsubscribe(channel: "a"))
            bench.tell(.unsubscribe(channel: "a"))
            _ = try bench.publish("z", to: "a", PublishOptions())
            #expect(bench.heard == ["x@0"])
        },
        Rule("publications carry consecutive offsets of one epoch") { bench in
            let policy = try bench.policy()
            let top = try #require(try bench.subscribe("a", policy))
            #expect(top.offset == 0)
            #expect(!top.epoch.isEmpty)
            for (number, text) in ["x", "y", "z"].enumerated() {
                let position = StreamPosition(offset: UInt64(number + 1), epoch: top.epoch)
                #expect(
                    try bench.publish(text, to: "a", PublishOptions(history: policy)) == .published(position))
            }
            #expect(bench.heard == ["x@1", "y@2", "z@3"])
            #expect(try bench.subscribe("a", policy) == StreamPosition(offset: 3, epoch: top.epoch))
        },
        Rule("a stream goes on while nobody is subscribed") { bench in
            let policy = try bench.policy()
            _ = try bench.publish("x", to: "a", PublishOptions(history: policy))
            #expect(try bench.subscribe("a", policy)?.offset == 1)
            let page = try bench.history("a", HistoryQuery(limit: -1), policy)
            #expect(page.publications.map(\.offset) == [1])
        },
        Rule("history is bounded by size, limit and time") { bench in
            let policy = try bench.policy()
            for text in ["v", "w", "x", "y", "z"] {
                _ = try bench.publish(text, to: "a", PublishOptions(history: policy))
            }
            let all = try bench.history("a", HistoryQuery(limit: -1), policy)
            #expect(all.publications.map(\.offset) == [3, 4, 5])
            let back = try bench.history("a", HistoryQuery(limit: 2, isReverse: true), policy)
            #expect(back.publications.map(\.offset) == [5, 4])
            #expect(try bench.history("a", HistoryQuery(), policy) == HistoryPage(top: all.top))
            bench.now = bench.now + .seconds(10)
            #expect(try bench.history("a", HistoryQuery(limit: -1), policy) == HistoryPage(top: all.top))
        },
        Rule("a position of another epoch is told") { bench in
            let policy = try bench.policy()
            _ = try bench.publish("x", to: "a", PublishOptions(history: policy))
            let since = StreamPosition(offset: 0, epoch: "elsewhere")
            let page = try bench.history("a", HistoryQuery(since: since, limit: -1), policy)
            #expect(page.isOfOtherEpoch)
            #expect(page.publications.isEmpty)
        },
        Rule("removed history keeps epoch and top") { bench in
            let policy = try bench.policy()
            _ = try bench.publish("x", to: "a", PublishOptions(history: policy))
            let top = try bench.history("a", HistoryQuery(), policy).top
            try bench.removeHistory("a")
            #expect(try bench.history("a", HistoryQuery(limit: -1), policy) == HistoryPage(top: top))
        },
        Rule("a repeated key is one publication") { bench in
            let policy = try bench.policy()
            _ = try bench.subscribe("a", policy)
            var options = PublishOptions(history: policy)
            options.idempotency = IdempotencyKey("k")
            let first = try bench.publish("x", to: "a", options)
            #expect(try bench.publish("x", to: "a", options) == .duplicate(first.position))
            #expect(bench.heard == ["x@1"])
        },
        Rule("an outdated version is not published") { bench in
            let policy = try bench.policy()
            let top = try #require(try bench.subscribe("a", policy))
            var options = PublishOptions(history: policy)
            options.version = PublicationVersion(number: 2)
            _ = try bench.publish("x", to: "a", options)
            options.version = PublicationVersion(number: 1)
            let position = StreamPosition(offset: 1, epoch: top.epoch)
            #expect(try bench.publish("y", to: "a", options) == .outdated(position))
            #expect(bench.heard == ["x@1"])
        },
        Rule("joins and leaves reach subscribed channels only, in order") { bench in
            let info = ClientInfo(user: "u", client: "c")
            _ = try bench.subscribe("a")
            bench.tell(.join(channel: "a", info))
            bench.tell(.leave(channel: "a", info))
            bench.tell(.join(channel: "b", info))
            _ = try bench.publish("x", to: "a", PublishOptions())
            #expect(bench.heard == ["+c", "-c", "x@0"])
        },
        Rule("what the publisher said is returned with the publication") { bench in
            _ = try bench.subscribe("a")
            var options = PublishOptions()
            options.usesDelta = true
            _ = try bench.publish("x", to: "a", options)
            let returned = bench.events.compactMap { event -> Bool? in
                guard case .publication(let publication) = event else { return nil }
                return publication.usesDelta
            }
            #expect(returned == [true])
        },
    ]
}
