import BelfryAuth
import BelfryHub
import BelfryProtocol
import BelfrySession
import Testing

/// The word that the journal gives for a denial.
@Suite struct DenialReasonTests {
    private let open = ChannelOptions {
        $0.allowSubscribeForClient = true
        $0.allowUserLimitedChannels = true
        $0.allowPublishForSubscriber = true
        $0.allowHistoryForClient = true
    }

    private func reason(
        _ question: PermissionQuestion, on channel: String, _ options: ChannelOptions
    ) throws -> DenialReason {
        let permissions = ChannelPermissions(options: options, isInsecure: false)
        let name = try ChannelName(channel)
        #expect(!permissions.allows(question, on: name), "it is not denied at all")
        return permissions.denial(on: name, question)
    }

    @Test(
        arguments: [
            (.subscribe, "42", "$a", .privateChannel), (.subscribe, "42", "#43", .userNotListed),
            (.subscribe, "", "#43", .userNotListed), (.subscribe, "", "a", .anonymous),
            (.publish, "42", "a", .notSubscribed), (.publish, "", "a", .notSubscribed),
            (.history, "", "a", .anonymous),
            (.presence, "42", "a", .optionOff),
        ] as [(ChannelAction, String, String, DenialReason)])
    func `what came closest to allowing it is told`(
        action: ChannelAction, user: String, channel: String, expected: DenialReason
    ) throws {
        #expect(try reason(PermissionQuestion(action, user: user), on: channel, open) == expected)
    }

    @Test(
        arguments: [
            (.subscribe, "a", .optionOff), (.subscribe, "#42", .userLimitedOff), (.publish, "a", .optionOff),
        ] as [(ChannelAction, String, DenialReason)])
    func `where nothing is on, that is told`(
        action: ChannelAction, channel: String, expected: DenialReason
    ) throws {
        #expect(try reason(PermissionQuestion(action, user: "42"), on: channel, ChannelOptions()) == expected)
    }

    @Test func `the words are few, plain and different`() {
        let words = DenialReason.allCases.map(\.rawValue)
        #expect(Set(words).count == words.count)
        #expect(words.allSatisfy { $0.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F } })
    }

    @Test func `a session tells it with the denial`() async throws {
        let client = try await Node().connected("c1", user: "42")
        _ = client.says(#"{"id":2,"publish":{"channel":"closed:a","data":1}}"#)
        #expect(client.denials == [.optionOff])
        _ = client.says(#"{"id":3,"subscribe":{"channel":"$closed:a"}}"#)
        #expect(client.denials.last == .privateChannel)
    }
}
