// The requests, field by field (protocol.md 5). An absent field has its zero value; only where "absent" and "zero" mean
// different things is a field optional. Payloads (`[UInt8]?`) are the raw bytes of a JSON value, or, from a Protobuf
// client, any bytes: nothing of them may be written into JSON before `PayloadForm` has looked at them.

package struct ConnectRequest: Equatable, Sendable {
    /// `nil` for anonymous connections, or when the token came with the upgrade.
    package var token: Token?
    package var data: [UInt8]?
    /// Server-side subscriptions the client knows and would like back, by channel.
    package var subs: [String: SubscribeRequest] = [:]
    /// At most ``ProtocolLimits/clientNameBytes`` bytes; becomes a label only through ``KnownClient``.
    package var name = ""
    /// At most ``ProtocolLimits/clientVersionBytes`` bytes.
    package var version = ""
    /// HTTP headers a browser could not set; for hooks only.
    ///
    /// May hold credentials: never printed.
    package var headers: [String: String] = [:]
    /// Features offered, none of which this server takes up yet (protocol.md 21.2).
    package var flag: Int64 = 0
    /// Compression dictionary the client holds.
    package var dict = ""
    package var profile = ""

    package init() {}
}

package struct SubscribeRequest: Equatable, Sendable {
    package var channel = ""
    package var token: Token?
    /// Recover what was published after `position`.
    package var recover = false
    package var position = StreamPosition()
    package var data: [UInt8]?
    package var positioned = false
    package var recoverable = false
    package var joinLeave = false
    /// `fossil`, or empty.
    package var delta = ""
    package var tagsFilter: FilterNode?
    package var flags = SubscribeFlags()
    /// 0 for streams; the other types (protocol.md 21.3, 21.4) are answered with error 108.
    package var type: Int32 = 0
    package var phase: Int32 = 0
    package var cursor = ""
    package var limit: Int32 = 0
    package var ascending = false

    package init() {}
}

/// `flag` of a subscribe request.
///
/// Unknown bits are kept and mean nothing (protocol.md 28, trap 19).
package struct SubscribeFlags: OptionSet, Sendable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }

    /// The client can take numeric channel ids.
    package static let numericChannelIDs = SubscribeFlags(rawValue: 1)
    /// Answer error 112 in place of `recovered: false`.
    package static let refusesLostPosition = SubscribeFlags(rawValue: 2)
}

/// One node of a tags filter (protocol.md 20), as sent: bounded in size, not yet checked for sense.
package struct FilterNode: Equatable, Sendable {
    package var op = ""
    package var key = ""
    package var cmp = ""
    package var val = ""
    package var vals: [String] = []
    package var nodes: [FilterNode] = []

    package init() {}
}

/// A request that names a channel and nothing else.
package struct ChannelRequest: Equatable, Sendable {
    package var channel = ""

    package init(channel: String = "") { self.channel = channel }
}

package struct PublishRequest: Equatable, Sendable {
    package var channel = ""
    package var data: [UInt8]?
    /// What `data` is; for the publication made of it.
    package var form = PayloadForm.json
    /// For map subscriptions only, as are `key` and `removed`.
    package var type: Int32 = 0
    package var key = ""
    package var removed = false

    package init() {}
}

package struct HistoryRequest: Equatable, Sendable {
    package var channel = ""
    /// 0: only the top position.
    ///
    /// Negative: as many as the server gives.
    package var limit: Int32 = 0
    /// Exclusive.
    package var since: StreamPosition?
    package var reverse = false

    package init() {}
}

package struct RPCRequest: Equatable, Sendable {
    package var method = ""
    package var data: [UInt8]?

    package init() {}
}

package struct SendRequest: Equatable, Sendable {
    package var data: [UInt8]?

    package init() {}
}

package struct RefreshRequest: Equatable, Sendable {
    package var token: Token?

    package init() {}
}

package struct SubRefreshRequest: Equatable, Sendable {
    /// Empty from centrifuge-python up to 0.5: then the verified token says which (protocol.md 12.2).
    package var channel = ""
    package var token: Token?
    /// Not 0 for shared polls (protocol.md 21.4), answered with error 108; their lists are not decoded.
    package var type: Int32 = 0

    package init() {}
}
