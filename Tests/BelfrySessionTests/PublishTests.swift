import BelfryHub
import Testing

/// protocol.md 11: publish.
@Suite struct PublishTests {
    private func publish(_ data: String, _ channel: String = "chat:a") -> String {
        #"{"id":2,"publish":{"channel":"\#(channel)"\#(data.isEmpty ? "" : #","data":"# + data)}}"#
    }
    private let subscribe = #"{"id":1,"subscribe":{"channel":"chat:a"}}"#
    private let published = #"{"id":2,"publish":{}}"#

    @Test func `a publication names its publisher and reaches the publisher before the reply`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42", #""info":{"n":"Ada"}"#)
        let token = Issuer.token(user: "42", channel: "chat:a", #""info":{"r":1}"#)
        client.says(#"{"id":1,"subscribe":{"channel":"chat:a","token":"\#(token)"}}"#)
        let info = #"{"user":"42","client":"c1","conn_info":{"n":"Ada"},"chan_info":{"r":1}}"#
        #expect(
            client.says(publish(#"{"b":1,"a":[ 1.0, 2e3 ]}"#)) == [
                #"{"push":{"channel":"chat:a","pub":{"data":{"b":1,"a":[ 1.0, 2e3 ]},"info":\#(info)}}}"#,
                published,
            ])
        #expect(client.notes == ["limit allow", "published 24", "accepted publish"])
    }

    @Test func `a publisher need not be subscribed and then hears nothing`() async throws {
        let node = try await Node()
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c2", user: "43"))
        other.says(subscribe)
        other.forget()
        #expect(client.says(publish("1")) == [published])
        #expect(
            other.heard == [
                #"{"push":{"channel":"chat:a","pub":{"data":1,"info":{"user":"42","client":"c1"}}}}"#
            ])
        #expect(client.says(publish("1", "chat:nobody")) == [published])
    }

    @Test(
        "a publication may carry what the channel's format says",
        arguments: [
            (PublicationDataFormat.any, ["{}", "1", #""""#, "null", "[]"], [""]),
            (.json, ["{}", "1", #""""#, "null", "[]"], [""]),
            (.jsonObject, ["{}", #" {"a":1}"#], ["", "1", #""{""#, "null", "[{}]"]),
            (.binary, ["{}", "1", "null", ""], []),
        ] as [(PublicationDataFormat, [String], [String])]
    ) func format(format: PublicationDataFormat, accepted: [String], refused: [String]) async throws {
        let node = try await Node { $0.namespaces["chat"]?.publicationDataFormat = format }
        let client = node.connected("c1", user: "42")
        for data in accepted { #expect(client.says(publish(data)) == [published], "\(data)") }
        for data in refused { #expect(client.says(publish(data)) == [error(107)], "\(data)") }
    }

    @Test(
        "a publish is refused for the first reason that holds",
        arguments: [
            ("nobody:a", "", "102"), ("closed:a", "", "103"), ("closed:a", "1", "103"), ("chat:a", "", "107"),
            ("chat:grün", "1", "107"), ("", "1", "close 3501"), ("unnamed", "1", "103"),
        ]) func refused(channel: String, data: String, expected: String) async throws
    {
        let client = try await Node().connected("c1", user: "42")
        #expect(outcome(client.says(publish(data, channel))) == expected)
        #expect(client.notes.contains("denied publish \(channel)") == (expected == "103"))
    }

    @Test func `who may publish as a subscriber may from the subscribe on and not after the unsubscribe`()
        async throws
    {
        let node = try await Node {
            $0.namespaces["chat"]?.allowPublishForClient = false
            $0.namespaces["chat"]?.allowPublishForSubscriber = true
        }
        let client = node.connected("c1", user: "42")
        #expect(client.says(publish("1")) == [error(103)])
        #expect(client.says(subscribe + "\n" + publish("1")).last == published)
        #expect(client.says(publish("1")).last == published)
        #expect(
            client.says(#"{"id":3,"unsubscribe":{"channel":"chat:a"}}"# + "\n" + publish("1")).last
                == error(103))
    }

    @Test func `an anonymous client publishes where anonymous clients may`() async throws {
        for (isAllowed, expected) in [(true, published), (false, error(103))] {
            let node = try await Node {
                $0.allowsAnonymous = true
                $0.namespaces["chat"]?.allowPublishForAnonymous = isAllowed
            }
            #expect(node.connected("c1", user: nil).says(publish("1")) == [expected])
        }
    }

    @Test func `in insecure mode everybody publishes, but not into unknown namespaces`() async throws {
        let client = try await Node { $0.isInsecure = true }.connected("c1", user: nil)
        #expect(client.says(publish("1", "closed:a")) == [published])
        #expect(client.says(publish("1", "$closed:a#7")) == [published])
        #expect(client.says(publish("1", "nobody:a")) == [error(102)])
    }

    @Test(
        "a broker's failure is told in codes and never in its words",
        arguments: [(true, UInt32(100)), (false, 108)]
    ) func failing(isTemporary: Bool, code: UInt32) async throws {
        let node = try await Node(Rules(), broker: FailingBroker(isTemporary: isTemporary, failures: 1))
        #expect(node.connected("c1", user: "42").says(publish("1")) == [error(code)])
    }

    @Test func `a reply that finds the session ended is not written`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        client.says(
            [subscribe, publish("1"), #"{"id":3,"presence":{"channel":"chat:a"}}"#].joined(separator: "\n"))
        client.leaves()
        client.forget()
        node.deliver()
        #expect(client.did == [])
        #expect(node.channelCount == 0)
    }
}
