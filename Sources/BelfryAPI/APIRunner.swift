import BelfryBroker
import BelfryHub
import BelfryProtocol
import BelfrySession

/// Carries one call out: checks it, asks, and makes a result of the answers.
package struct APIRunner<Backend: APIBackend>: Sendable {
    private let rules: APIRules
    private let backend: Backend

    package init(rules: APIRules, backend: Backend) {
        self.rules = rules
        self.backend = backend
    }

    /// The commands of a batch are held against the key's scopes.
    package func run(_ command: APICommand, for key: APIKey) async -> APIOutcome {
        do throws(ErrorCode) {
            return .success(try await result(command, for: key))
        } catch {
            return .failure(error)
        }
    }

    private func result(_ command: APICommand, for key: APIKey) async throws(ErrorCode) -> APIResult {
        switch command {
        case .publish(let publish):
            return try await ask(try rules.publish(publish, to: publish.channel, at: backend.now()))
        case .broadcast(let channels, let publish): return try await broadcast(publish, to: channels)
        case .presence(let channel): return try await ask(try rules.presence(channel))
        case .presenceStats(let channel): return try await ask(try rules.presenceStatistics(channel))
        case .history(let history): return try await ask(try rules.history(history))
        case .historyRemove(let channel): return try await ask(try rules.removeHistory(channel))
        case .subscribe(let subscribe):
            return try await carryOut(try rules.subscribe(subscribe), subscribe.selector)
        case .unsubscribe(let selector, let channel):
            return try await carryOut(try rules.unsubscribe(channel), selector)
        case .disconnect(let selector, let order):
            return try await carryOut(
                try rules.disconnect(order), selector, sparing: order.whitelist)
        case .refresh(let selector, let order):
            return try await carryOut(try rules.refresh(order), selector)
        case .connections(let selector, let expression): return try await list(selector, expression)
        case .channels(let pattern): return try await channels(pattern)
        case .info: return .info(await backend.info())
        case .block(let command):
            return .denied(try await backend.deny(try command.denial(), by: key.name))
        case .revoke(let command):
            return .denied(try await backend.deny(try command.denial(), by: key.name))
        case .unblock(let command):
            return .restored(try await backend.allow(try command.target(), by: key.name))
        case .denials:
            let found = backend.denials()
            guard found.count <= APILimits.denials else { throw .limitExceeded }
            return .denials(found)
        // There are no handlers for it, as for clients.
        case .rpc: throw .notAvailable
        case .batch(let items, let isParallel): return .batch(await batch(items, isParallel, key))
        }
    }

    // MARK: Channels

    private func ask(_ call: HomeCall) async throws(ErrorCode) -> APIResult {
        let answers = await backend.ask([call])
        return try Self.result(answers.first ?? nil)
    }

    private static func result(_ answer: HubAnswer?) throws(ErrorCode) -> APIResult {
        switch answer {
        case .published(let outcome): return .published(outcome.position)
        case .presence(let clients): return .presence(clients)
        case .presenceStatistics(let statistics): return .presenceStats(statistics)
        case .historyRemoved: return .done
        case .history(let page):
            if page.isOfOtherEpoch { throw .unrecoverablePosition }
            return .history(page.cut(to: APILimits.historyBytes))
        case .failed(let failure): throw failure.isTemporary ? .internalServerError : .notAvailable
        case .subscribed, .subscribeFailed, .positionLost, .insufficientState, nil:
            throw .internalServerError
        }
    }

    /// Each channel succeeds or fails by itself.
    private func broadcast(
        _ command: PublishCommand, to channels: [String]
    ) async throws(ErrorCode) -> APIResult {
        guard !channels.isEmpty else { throw .badRequest }
        let now = backend.now()
        var calls: [HomeCall] = []
        let refusals = channels.map { channel -> ErrorCode? in
            do throws(ErrorCode) {
                calls.append(try rules.publish(command, to: channel, at: now))
                return nil
            } catch {
                return error
            }
        }
        var answers = await backend.ask(calls)[...]
        return .broadcast(
            refusals.map { refusal in
                if let refusal { return .failure(refusal) }
                return Self.position(answers.popFirst() ?? nil)
            })
    }

    private static func position(_ answer: HubAnswer?) -> Result<StreamPosition?, ErrorCode> {
        do throws(ErrorCode) {
            guard case .published(let position) = try result(answer) else {
                return .failure(.internalServerError)
            }
            return .success(position)
        } catch {
            return .failure(error)
        }
    }

    private func channels(_ text: String) async throws(ErrorCode) -> APIResult {
        guard let pattern = ChannelPattern(text.isEmpty ? "*" : text) else { throw .badRequest }
        guard let all = await backend.channels() else { throw .internalServerError }
        let found = all.filter { pattern.matches($0.channel) }
        // Half a list would be taken for a whole one.
        guard found.count <= APILimits.channels else { throw .limitExceeded }
        return .channels(found)
    }

    // MARK: Users

    private func carryOut(
        _ deed: ServerDeed, _ selector: UserSelector, sparing: [String] = []
    ) async throws(ErrorCode) -> APIResult {
        guard let choice = try rules.choice(selector, sparing: sparing) else { return .done }
        guard let outcome = await backend.carryOut(UserCall(choice: choice, deed: deed)) else {
            throw .internalServerError
        }
        if let error = outcome { throw error }
        return .done
    }

    private func list(_ selector: UserSelector, _ expression: String) async throws(ErrorCode) -> APIResult {
        guard expression.isEmpty else { throw .notAvailable }
        guard let choice = try rules.choice(selector) else { return .connections([]) }
        guard let found = await backend.connections(choice) else { throw .internalServerError }
        guard found.count <= APILimits.connections else { throw .limitExceeded }
        return .connections(found)
    }

    // MARK: Batches

    private func batch(_ items: [BatchItem], _ isParallel: Bool, _ key: APIKey) async -> [BatchReply] {
        guard isParallel else {
            var replies: [BatchReply] = []
            for item in items { replies.append(await reply(item, key)) }
            return replies
        }
        return await withTaskGroup(of: (Int, BatchReply).self) { group in
            for (index, item) in items.enumerated() {
                group.addTask { (index, await reply(item, key)) }
            }
            var replies: [(Int, BatchReply)] = []
            for await reply in group { replies.append(reply) }
            return replies.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func reply(_ item: BatchItem, _ key: APIKey) async -> BatchReply {
        guard key.allows(item.method) else {
            return BatchReply(method: item.method, outcome: .failure(.permissionDenied))
        }
        return BatchReply(method: item.method, outcome: await run(item.command, for: key))
    }
}

extension HistoryPage {
    /// From the first one as many publications as `byteCount` holds, and one at least.
    fileprivate func cut(to byteCount: Int) -> HistoryPage {
        var left = byteCount
        let kept = publications.prefix { publication in
            defer { left -= publication.data.count }
            return left > 0
        }
        return HistoryPage(publications: Array(kept), top: top)
    }
}
