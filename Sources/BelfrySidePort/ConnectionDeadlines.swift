import NIOCore
import NIOHTTPTypes

/// The waits that Hummingbird does not bound: for the first request head, and for a client to take its
/// answer.
///
/// It also drops request bodies before anyone keeps them. As dropped parts count as no activity, a client
/// that sends a body for ever meets the idle time.
final class ConnectionDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let headTime: TimeAmount
    private let answerTime: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ limits: SidePortConfiguration.Limits) {
        headTime = TimeAmount(limits.headTime)
        answerTime = TimeAmount(limits.answerTime)
    }

    func handlerAdded(context: ChannelHandlerContext) { close(context.channel, after: headTime) }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .body: return
        case .head: deadline?.cancel()
        case .end: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head:
            close(context.channel, after: answerTime)
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            let isWritten = promise ?? context.eventLoop.makePromise()
            let deadline = deadline
            isWritten.futureResult.whenComplete { _ in deadline?.cancel() }
            context.write(data, promise: isWritten)
        }
    }

    private func close(_ channel: any Channel, after time: TimeAmount) {
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}
