/// Where the console's answers come from.
///
/// Called from any thread, several times at once.
package protocol StatusSource: Sendable {
    /// The newest look; `nil` before the first.
    func status() -> StatusReport?
    /// One event a second.
    var statusFeed: EventFeed { get }
    /// Who causes most of the traffic.
    func top() async -> TopReport
}
