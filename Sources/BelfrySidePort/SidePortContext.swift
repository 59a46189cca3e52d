import Hummingbird
import NIOCore

/// What is known of a request beside its bytes.
struct SidePortContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address of whoever asks.
    let peer: String
    /// Done when the connection is closed.
    let closed: EventLoopFuture<Void>

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? ""
        closed = source.channel.closeFuture
    }
}
