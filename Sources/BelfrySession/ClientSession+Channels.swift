import BelfryBroker
import BelfryBytes
package import BelfryHub
package import BelfryProtocol

// publish and presence, and the home's answers (protocol.md 11).

extension ClientSession {
    mutating func publish(
        _ request: PublishRequest, _ command: UInt32, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        guard let (name, options) = channel(request.channel, command, into: &actions) else { return }
        let subscription = subscriptions[request.channel]
        guard permits(.publish, on: name, options, isSubscribed: subscription != nil) else {
            return deny(.publish, channel: request.channel, command, into: &actions)
        }
        let data = request.data ?? []
        guard options.publicationDataFormat.accepts(data, request.form) else {
            return refuse(.badRequest, command, into: &actions)
        }
        actions.append(.note(.published(byteCount: data.count)))
        let publisher = ClientInfo(
            user: user, client: client, connInfo: info, chanInfo: subscription?.membership.info.chanInfo)
        let publication = Publication(data: data, info: publisher, form: request.form)
        actions.append(
            .ask(
                .publish(
                    channel: request.channel, publication, publishOptions(options, at: clock),
                    ticket(command))))
    }

    private func publishOptions(_ options: ChannelOptions, at clock: SessionClock) -> PublishOptions {
        var publish = PublishOptions(history: options.history)
        publish.usesDelta = options.deltaPublish
        publish.receivedAt = clock.monotonic
        return publish
    }

    mutating func presence(_ channel: String, _ command: UInt32, into actions: inout [SessionAction]) {
        guard mayReadPresence(of: channel, command, into: &actions) else { return }
        actions.append(.ask(.presence(channel: channel, ticket(command))))
    }

    mutating func presenceStatistics(
        _ channel: String, _ command: UInt32, into actions: inout [SessionAction]
    ) {
        guard mayReadPresence(of: channel, command, into: &actions) else { return }
        actions.append(.ask(.presenceStatistics(channel: channel, ticket(command))))
    }

    private mutating func mayReadPresence(
        of channel: String, _ command: UInt32, into actions: inout [SessionAction]
    ) -> Bool {
        guard let (name, options) = self.channel(channel, command, into: &actions) else { return false }
        guard options.offers(.presence) else {
            refuse(.notAvailable, command, into: &actions)
            return false
        }
        guard permits(.presence, on: name, options, isSubscribed: subscriptions[channel] != nil) else {
            deny(.presence, channel: channel, command, into: &actions)
            return false
        }
        return true
    }

    /// A channel that a command names, and its options; answers the command itself when there is no such channel.
    mutating func channel(
        _ channel: String, _ command: UInt32, into actions: inout [SessionAction]
    ) -> (name: ChannelName, options: ChannelOptions)? {
        guard let name = channelName(channel, command, into: &actions) else { return nil }
        guard let options = policy.channels.options(of: name) else {
            refuse(.unknownChannel, command, into: &actions)
            return nil
        }
        // Whoever is in a channel may use its name: the server has let it in.
        guard subscriptions[channel] != nil || options.allowsName(name) else {
            refuse(.badRequest, command, into: &actions)
            return nil
        }
        return (name, options)
    }

    /// The parts of a channel's name; answers the command itself when it is none.
    mutating func channelName(
        _ channel: String, _ command: UInt32, into actions: inout [SessionAction]
    ) -> ChannelName? {
        do {
            return try ChannelName(channel)
        } catch {
            if let reply = error.reply {
                refuse(reply, command, into: &actions)
            } else {
                end(.badRequest, into: &actions)
            }
            return nil
        }
    }

    private func ticket(_ command: UInt32) -> Asker {
        .command(CommandTicket(subscriber: subscriber, command: command))
    }

    /// The channel's home answered a command.
    package mutating func answered(
        _ answer: HubAnswer, command: UInt32, at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        if case .ended = state { return }
        if isStale(answer, command) { return }
        switch answer {
        case .subscribed(let channel, let answer):
            joined(channel, answer, command, at: clock, into: &actions)
        case .published:
            actions.append(.note(.commandAccepted(.publish)))
            actions.send { codec.replies.publish(id: command, into: &$0) }
        case .presence(let clients):
            actions.append(.note(.commandAccepted(.presence)))
            actions.send { codec.replies.presence(id: command, clients, into: &$0) }
        case .presenceStatistics(let statistics):
            actions.append(.note(.commandAccepted(.presence)))
            let result = PresenceStatsResult(
                clients: UInt32(clamping: statistics.clients), users: UInt32(clamping: statistics.users))
            actions.send { codec.replies.presenceStats(id: command, result, into: &$0) }
        case .history(let page): tell(page, command, into: &actions)
        // Only the server API removes a history.
        case .historyRemoved: break
        case .subscribeFailed(let channel, let failure):
            failed(channel, failure.error, command, into: &actions)
        case .positionLost(let channel, let outcome):
            actions.append(.note(.recovery(outcome)))
            failed(channel, .unrecoverablePosition, command, into: &actions)
        case .insufficientState: end(.insufficientState, into: &actions)
        case .failed(let failure): refuse(failure.error, command, into: &actions)
        }
    }

    mutating func failed(
        _ channel: String, _ error: ErrorCode, _ command: UInt32, into actions: inout [SessionAction]
    ) {
        // Who asked has had its answer, and the client knows nothing of it.
        if command == Self.serverCommand { return giveUpLive(channel, into: &actions) }
        // The homes are asked anew when the SDK comes back.
        if case .entering = state { return end(.internalServerError, into: &actions) }
        refuse(error, command, into: &actions)
        if let abandoned = takeAbandoned(channel, command) {
            return confirmEnd(of: abandoned, isSubscribed: false, into: &actions)
        }
        drop(channel, into: &actions)
    }
}

extension BrokerFailure {
    /// What the client is told; never the broker's own words.
    fileprivate var error: ErrorCode { isTemporary ? .internalServerError : .notAvailable }
}

extension PublicationDataFormat {
    /// Whether a publication may carry `data`, which is of that form.
    package func accepts(_ data: [UInt8], _ form: PayloadForm) -> Bool {
        switch self {
        case .any: !data.isEmpty
        case .json: !data.isEmpty && form != .binary
        // It has been scanned as JSON, so the first byte that is no blank tells what it is.
        case .jsonObject: form != .binary && data.first { $0 > UInt8(ascii: " ") } == UInt8(ascii: "{")
        case .binary: true
        }
    }
}
