import BelfryBroker
import BelfryHub
import BelfryProtocol

// history, and what becomes of a position (protocol.md 9.5, 10.3 and 10.5).

extension ClientSession {
    mutating func history(
        _ request: HistoryRequest, _ command: UInt32, into actions: inout [SessionAction]
    ) {
        guard let (name, options) = channel(request.channel, command, into: &actions) else { return }
        guard let policy = options.history else { return refuse(.notAvailable, command, into: &actions) }
        let isSubscribed = subscriptions[request.channel] != nil
        guard permits(.history, on: name, options, isSubscribed: isSubscribed) else {
            return deny(.history, channel: request.channel, command, into: &actions)
        }
        if request.reverse, let since = request.since, since.offset == 0 {
            return refuse(.badRequest, command, into: &actions)
        }
        let query = HistoryQuery(
            since: request.since, limit: Int(request.limit), isReverse: request.reverse)
        let ticket = CommandTicket(subscriber: subscriber, command: command)
        actions.append(.ask(.history(channel: request.channel, query, policy, .command(ticket))))
    }

    mutating func tell(_ page: HistoryPage, _ command: UInt32, into actions: inout [SessionAction]) {
        if page.isOfOtherEpoch { return refuse(.unrecoverablePosition, command, into: &actions) }
        let publications = Array(page.publications.prefix(policy.fittingCount(of: page.publications)))
        let result = HistoryResult(publications: publications, position: page.top)
        guard result.isReadable(by: codec) else { return end(.inappropriateProtocol, into: &actions) }
        actions.append(.note(.commandAccepted(.history)))
        actions.send { codec.replies.history(id: command, result, into: &$0) }
    }

    /// What of a recovery goes into one reply.
    ///
    /// A reply above the bound of the client's queue would close it as slow; it would come back, ask for the same, and be
    /// closed again. Told that too much was missed, it goes on from the top.
    ///
    /// - Parameters:
    ///   - answer: As the home gave it.
    ///   - taken: Bytes that the reply holds already.
    /// - Returns: What the client is told, and whether that is the same.
    func fitting(
        _ answer: SubscribeAnswer, beside taken: Int = 0
    ) -> (answer: SubscribeAnswer, fits: Bool) {
        let count = answer.publications.count
        guard policy.fittingCount(of: answer.publications, beside: taken) < count else {
            return (answer, true)
        }
        return (SubscribeAnswer(position: answer.top, top: answer.top, outcome: .limitExceeded), false)
    }

    /// Publications of `channel` are missing before the next one: the client comes back and recovers.
    ///
    /// To be called for positioned members, before anything more is delivered.
    package mutating func losePosition(in channel: String, into actions: inout [SessionAction]) {
        guard let subscription = drop(channel, into: &actions) else { return }
        actions.append(.note(.positionLost))
        // SDKs do not come back to a server-side channel alone, only with the whole connection.
        if subscription.isServerSide { return end(.insufficientState, into: &actions) }
        actions.send { codec.pushes.unsubscribe(channel: channel, .insufficientState, into: &$0) }
    }

    /// A publication cannot be written for this client (protocol.md 3.2).
    package mutating func meetUnreadable(into actions: inout [SessionAction]) {
        close(.inappropriateProtocol, into: &actions)
    }
}
