/// Where the side port listens and how much it takes.
package struct SidePortConfiguration: Sendable {
    /// A host name or address without brackets; loopback unless an operator says otherwise.
    package var host: String
    /// 0 lets the kernel choose.
    package var port: Int
    /// Further names by which clients may call us, besides loopback and `host`: against DNS rebinding, where
    /// a web page makes its own name point here and reads us with the browser's hands.
    package var allowedHosts: [String]
    package var limits = Limits()
    /// A listening TCP socket to serve in place of opening one; it becomes the side port's.
    package var socket: CInt?

    package init(host: String = "127.0.0.1", port: Int = 9300, allowedHosts: [String] = []) {
        self.host = host
        self.port = port
        self.allowedHosts = allowedHosts
    }

    package struct Limits: Sendable {
        /// More wait in the kernel's backlog.
        ///
        /// A scraper, a probe and some people need a dozen.
        package var connections = 64
        /// Bytes of one request's header fields; Prometheus sends 400.
        package var headByteCount = 16 * 1024
        package var headerCount = 64
        /// Pages rendered at one time; a fifth scraper is told to come back.
        package var concurrentPages = 4
        /// From accept to the end of the first request head.
        package var headTime: Duration = .seconds(5)
        /// Between requests; longer than the usual scrape interval of 15 s, so that scrapers keep their
        /// connection.
        package var idleTime: Duration = .seconds(20)
        /// For the body of a call to the server API to come.
        package var bodyTime: Duration = .seconds(10)
        /// Bytes of that body; at most so many connections may hold one at a time as callers may have.
        package var bodyByteCount = 1 << 20
        /// Connections of the server API's callers, beside the others.
        package var callers = 256
        /// For the client to take an answer.
        package var answerTime: Duration = .seconds(10)

        package init() {}
    }
}
