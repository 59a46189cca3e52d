import BelfryWebSocket

/// Which of the two programs this process is.
package enum ApplicationKind: Sendable {
    case relay
    /// `belfry-echo`, for conformance suites.
    case echo

    func frameLimits(_ configuration: Configuration) -> FrameLimits {
        switch self {
        case .relay: configuration.frameLimits
        // Autobahn 9.1 to 9.4 send 16 MiB messages, 9.3 and 9.4 in fragments of 64 bytes.
        case .echo: FrameLimits(messageBytes: 16 << 20, fragments: 1 << 20)
        }
    }

    func queueBytesMax(_ configuration: Configuration) -> Int {
        switch self {
        case .relay: configuration.client.maxQueue
        // Autobahn 9.5 and 9.6 read nothing before they have sent everything.
        case .echo: 64 << 20
        }
    }
}
