/// Every bound this module sets on what a client may send, in one place.
///
/// The length of a message is bounded before it comes here (64 KiB unless configured otherwise); these bound what can
/// be packed into one.
package enum ProtocolLimits {
    /// Containers open at once in one payload.
    ///
    /// The scanner keeps one bit each in a word; hand-written data stays below ten, and parsers of some
    /// client languages give up near a hundred.
    package static let nestingDepth = 64
    /// Commands in one frame.
    ///
    /// A JS client sends connect and all its subscribes as one (protocol.md 7.3): 1 + 128 with the default
    /// channel limit. Twice that, for the applications that batch.
    package static let commandsPerFrame = 256
    /// Bytes kept of a client's `name` and `version`; longer ones are cut, not refused, since nothing depends on them.
    package static let clientNameBytes = 64
    package static let clientVersionBytes = 64
    /// Server-side subscriptions a client may want back in `connect`: eight times the default channel limit.
    package static let connectSubscriptions = 1024
    /// Emulated headers in `connect`: as many as a real request head may have.
    package static let connectHeaders = 64
    /// Bytes in a channel name (protocol.md 18.1).
    package static let channelNameBytes = 255
    /// Bytes in a close reason: a control frame holds 125, two are the code (RFC 6455, 5.5).
    package static let closeReasonBytes = 123
    /// Nodes of one tags filter, and how deep they may nest: each publication is matched against all of them.
    package static let filterNodes = 64
    package static let filterDepth = 8
    /// Messages open at once in one Protobuf command: command, connect, entry of a map and subscribe stand around the
    /// filter, and a few more for what we do not know and skip.
    package static let messageDepth = filterDepth + 8
    /// Messages in one Protobuf command that are no list elements: one for each server-side subscription, and a few.
    package static let messagesPerCommand = connectSubscriptions + 16
    /// Values of one `in` or `nin` list of a tags filter.
    package static let filterValues = 256
}
