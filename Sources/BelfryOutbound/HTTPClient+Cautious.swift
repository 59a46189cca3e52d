import AsyncHTTPClient
import NIOCore
import NIOPosix

extension HTTPClient {
    /// One request a connection, on a thread of its own: no redirect, no proxy from the environment, no second try.
    ///
    /// A second try within one request would come from the same `deadline`.
    static func cautious(deadline: Duration) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = TimeAmount(deadline)
        configuration.timeout.read = TimeAmount(deadline)
        configuration.httpVersion = .http1Only
        configuration.maximumUsesPerConnection = 1
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1), configuration: configuration)
    }
}
