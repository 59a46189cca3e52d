import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// The waits that Hummingbird does not bound: for the first request head, and for a client to take its
/// answer.
///
/// It also drops request bodies before anyone keeps them, but those of calls to the server API. As dropped parts count
/// as no activity, a client that sends a body for ever meets the idle time; a call's body has a time of its own.
final class ConnectionDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let headTime: TimeAmount
    private let answerTime: TimeAmount
    private let bodyTime: TimeAmount
    private let api: APIConnections
    private var deadline: Scheduled<Void>?
    /// From the head of a call to the end of its body.
    private var bodyDeadline: Scheduled<Void>?
    /// A call's body is being read.
    private var isBodyWanted = false
    /// Counts as a connection of the server API's callers.
    private var isCaller = false
    private var isRefused = false
    /// The answer being written is server-sent events.
    private var isStream = false

    init(_ limits: SidePortConfiguration.Limits, _ api: APIConnections) {
        headTime = TimeAmount(limits.headTime)
        answerTime = TimeAmount(limits.answerTime)
        bodyTime = TimeAmount(limits.bodyTime)
        self.api = api
    }

    func handlerAdded(context: ChannelHandlerContext) { close(context.channel, after: headTime) }

    func handlerRemoved(context: ChannelHandlerContext) { finish() }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    private func finish() {
        deadline?.cancel()
        bodyDeadline?.cancel()
        if isCaller { api.release() }
        isCaller = false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isRefused { return }
        switch unwrapInboundIn(data) {
        case .body where !isBodyWanted: return
        case .body: break
        case .head(let head):
            deadline?.cancel()
            isBodyWanted = SidePortResponder.takesBody(head)
            if isBodyWanted, !isCaller {
                isCaller = api.admit()
                if !isCaller { return refuse(context) }
            }
            if isBodyWanted { armBodyDeadline(context.channel) }
        case .end:
            isBodyWanted = false
            bodyDeadline?.cancel()
        }
        context.fireChannelRead(data)
    }

    private func armBodyDeadline(_ channel: any Channel) {
        bodyDeadline?.cancel()
        bodyDeadline = channel.eventLoop.scheduleTask(in: bodyTime) { channel.close(promise: nil) }
    }

    /// Callers hold as many connections as they may: this one must not take a scraper's place.
    private func refuse(_ context: ChannelHandlerContext) {
        isRefused = true
        let head = HTTPResponse(
            status: .serviceUnavailable,
            headerFields: [.connection: "close", .contentLength: "0", .retryAfter: "1"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            // What comes of the body now is for nobody.
            isBodyWanted = false
            isStream = head.headerFields[.contentType] == Answer.eventStream
            close(context.channel, after: answerTime)
            context.write(data, promise: promise)
        case .body where isStream: writePart(context, data, promise)
        case .body: context.write(data, promise: promise)
        case .end:
            let isWritten = promise ?? context.eventLoop.makePromise()
            let deadline = deadline
            isWritten.futureResult.whenComplete { _ in deadline?.cancel() }
            context.write(data, promise: isWritten)
        }
    }

    /// A stream has no end to wait for: each of its parts must be taken in time.
    private func writePart(
        _ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?
    ) {
        close(context.channel, after: answerTime)
        let isWritten = promise ?? context.eventLoop.makePromise()
        let deadline = deadline
        isWritten.futureResult.whenComplete { _ in deadline?.cancel() }
        context.write(data, promise: isWritten)
    }

    private func close(_ channel: any Channel, after time: TimeAmount) {
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}
