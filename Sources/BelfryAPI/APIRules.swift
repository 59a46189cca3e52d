import BelfryAuth
import BelfryBroker
import BelfryBytes
package import BelfryHub
import BelfryProtocol
package import BelfrySession

// What a call may do, and what it means for a channel's home or for a connection. Channels have the same names,
// namespaces and features as for clients; permissions are no matter here, since whoever has a key has them all.

/// Something to ask of one channel's home.
package struct HomeCall: Sendable {
    package let channel: String
    private let make: @Sendable (Asker) -> HubRequest

    init(_ channel: String, _ make: @escaping @Sendable (Asker) -> HubRequest) {
        self.channel = channel
        self.make = make
    }

    package func request(from asker: Asker) -> HubRequest { make(asker) }
}

/// Something to do with the connections of a user.
package struct UserCall: Sendable {
    package let choice: ConnectionChoice
    package let deed: ServerDeed
}

package struct APIRules: Sendable {
    private let channels: ChannelDirectory
    /// Bytes of one publication: a client's queue must hold it beside others.
    private let dataBytesMax: Int

    package init(channels: ChannelDirectory, dataBytesMax: Int) {
        self.channels = channels
        self.dataBytesMax = dataBytesMax
    }

    private func options(of channel: String) throws(ErrorCode) -> ChannelOptions {
        let name: ChannelName
        do { name = try ChannelName(channel) } catch { throw error.reply ?? .badRequest }
        guard let options = channels.options(of: name) else { throw .unknownChannel }
        return options
    }

    // MARK: Of one channel

    /// The channel is one of a broadcast's, or the command's own.
    func publish(
        _ command: PublishCommand, to channel: String, at now: Instant
    ) throws(ErrorCode) -> HomeCall {
        let options = try options(of: channel)
        let (data, form) = try payload(command)
        guard options.publicationDataFormat.accepts(data, form) else { throw .badRequest }
        guard data.count <= dataBytesMax else { throw .limitExceeded }
        let publication = Publication(data: data, tags: command.tags, form: form)
        let publish = try publishOptions(command, options, at: now)
        return HomeCall(channel) { .publish(channel: channel, publication, publish, $0) }
    }

    private func payload(_ command: PublishCommand) throws(ErrorCode) -> ([UInt8], PayloadForm) {
        guard let text = command.encodedData, !text.isEmpty else { return (command.data ?? [], .json) }
        guard let data = Base64.decode(Array(text.utf8)[...], .standard) else { throw .badRequest }
        return (data, PayloadForm(of: data))
    }

    private func publishOptions(
        _ command: PublishCommand, _ options: ChannelOptions, at now: Instant
    ) throws(ErrorCode) -> PublishOptions {
        var publish = PublishOptions(history: command.skipsHistory ? nil : options.history)
        publish.usesDelta = command.usesDelta || options.deltaPublish
        publish.receivedAt = now
        if !command.idempotencyKey.isEmpty {
            guard command.idempotencyKey.utf8.count <= APILimits.idempotencyKeyBytes else {
                throw .badRequest
            }
            publish.idempotency = IdempotencyKey(command.idempotencyKey)
        }
        if command.version > 0 {
            publish.version = PublicationVersion(number: command.version, epoch: command.versionEpoch)
        }
        return publish
    }

    func history(_ command: HistoryCommand) throws(ErrorCode) -> HomeCall {
        let channel = command.channel
        guard let policy = try options(of: channel).history else { throw .notAvailable }
        if command.isReverse, let since = command.since, since.offset == 0 { throw .badRequest }
        let query = HistoryQuery(
            since: command.since, limit: Int(command.limit), isReverse: command.isReverse)
        return HomeCall(channel) { .history(channel: channel, query, policy, $0) }
    }

    func removeHistory(_ channel: String) throws(ErrorCode) -> HomeCall {
        guard try options(of: channel).history != nil else { throw .notAvailable }
        return HomeCall(channel) { .removeHistory(channel: channel, $0) }
    }

    func presence(_ channel: String) throws(ErrorCode) -> HomeCall {
        guard try options(of: channel).presence else { throw .notAvailable }
        return HomeCall(channel) { .presence(channel: channel, $0) }
    }

    func presenceStatistics(_ channel: String) throws(ErrorCode) -> HomeCall {
        guard try options(of: channel).presence else { throw .notAvailable }
        return HomeCall(channel) { .presenceStatistics(channel: channel, $0) }
    }

    // MARK: Of a user

    /// `nil` when nobody can be meant.
    ///
    /// Anonymous clients share the empty name, and nobody means all of them: one is named by its connection.
    func choice(
        _ selector: UserSelector, sparing: [String] = []
    ) throws(ErrorCode) -> ConnectionChoice? {
        guard !selector.user.isEmpty || !selector.client.isEmpty else { throw .badRequest }
        guard selector.session.isEmpty else { return nil }
        return ConnectionChoice(user: selector.user, client: selector.client, spared: Set(sparing))
    }

    func subscribe(_ command: SubscribeCommand) throws(ErrorCode) -> ServerDeed {
        let options = try options(of: command.channel)
        var override = SubscriptionOptions()
        override.info = try claim(command.info, command.encodedInfo)
        override.data = try claim(command.data, command.encodedData)
        override.presence = command.override.presence
        override.joinLeave = command.override.joinLeave
        override.forcePushJoinLeave = command.override.forcePushJoinLeave
        override.forcePositioning = command.override.forcePositioning
        override.forceRecovery = command.override.forceRecovery
        return .subscribe(
            ServerSubscribe(
                channel: command.channel, options: options, override: override, since: command.since))
    }

    private func claim(_ json: [UInt8]?, _ encoded: String?) throws(ErrorCode) -> ClaimData? {
        guard let encoded, !encoded.isEmpty else { return json.map { ClaimData($0, isJSON: true) } }
        guard let bytes = Base64.decode(Array(encoded.utf8)[...], .standard) else { throw .badRequest }
        return ClaimData(bytes, isJSON: PayloadForm(of: bytes) == .json)
    }

    func unsubscribe(_ channel: String) throws(ErrorCode) -> ServerDeed {
        _ = try options(of: channel)
        return .unsubscribe(channel: channel, .server)
    }

    func disconnect(_ order: DisconnectOrder) throws(ErrorCode) -> ServerDeed {
        if order.code == 0, order.reason.isEmpty { return .disconnect(.forceDisconnect) }
        let code = order.code == 0 ? DisconnectCode.forceDisconnect.code : UInt16(exactly: order.code)
        guard let code, let disconnect = DisconnectCode(serverCode: code, reason: order.reason) else {
            throw .badRequest
        }
        return .disconnect(disconnect)
    }

    func refresh(_ order: RefreshOrder) throws(ErrorCode) -> ServerDeed {
        if order.isExpired { return .disconnect(.connectionExpired) }
        guard order.expireAt >= 0 else { throw .badRequest }
        return .refresh(until: order.expireAt == 0 ? nil : order.expireAt)
    }
}
