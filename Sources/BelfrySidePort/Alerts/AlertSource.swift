/// Where the side port's alerts come from; called from any thread, several times at once.
package protocol AlertSource: Sendable {
    /// Those that fire, and the last that ended, in no order.
    func alerts() -> [AlertRecord]
    var feed: EventFeed { get }
    /// Of this program, for `/api/v2/status`.
    var version: String { get }
    /// Seconds since 1970.
    var startedAt: Double { get }
    /// A regular expression that must match a whole text, in time proportional to it; `nil` for one that is not taken.
    func pattern(_ text: String) -> (@Sendable (String) -> Bool)?
}
