// The objects that requests, replies and pushes have in common (protocol.md 5, "Common objects").

/// Where a client is in a channel's stream.
package struct StreamPosition: Hashable, Sendable {
    /// Counts publications from 1; 0 is before the first.
    package var offset: UInt64
    /// Names one life of the stream; offsets of different epochs cannot be compared.
    ///
    /// Opaque.
    package var epoch: String

    package init(offset: UInt64 = 0, epoch: String = "") {
        self.offset = offset
        self.epoch = epoch
    }
}

/// Who a client is, as other clients may see it.
package struct ClientInfo: Equatable, Sendable {
    /// Empty for anonymous clients.
    package var user: String
    /// Connection id.
    package var client: String
    /// Claim `info` of the connection token: a JSON value.
    package var connInfo: [UInt8]?
    /// Claim `info` of the subscription token: a JSON value.
    package var chanInfo: [UInt8]?

    package init(user: String, client: String, connInfo: [UInt8]? = nil, chanInfo: [UInt8]? = nil) {
        self.user = user
        self.client = client
        self.connInfo = connInfo
        self.chanInfo = chanInfo
    }
}

/// A key and a value by which subscribers may filter.
package struct Tag: Equatable, Sendable {
    package var key: String
    package var value: String

    package init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }
}

/// A message in a channel.
package struct Publication: Equatable, Sendable {
    /// Relayed byte for byte; JSON receivers get it as `form` allows.
    package var data: [UInt8]
    /// What `data` is.
    ///
    /// Pass on what the publish request says: called `.json`, a payload is written into JSON unseen.
    package var form: PayloadForm
    /// Only when a client published.
    package var info: ClientInfo?
    /// 0 when the channel keeps no history.
    package var offset: UInt64
    /// Sent with offset 1 only, so that subscribers of a yet empty stream learn it.
    ///
    /// Empty otherwise.
    package var epoch: String
    /// Written in this order.
    package var tags: [Tag]
    /// `data` is a patch (protocol.md 19).
    package var isDelta: Bool
    /// When it was published, in milliseconds since 1970; 0 to leave it out.
    package var time: Int64

    package init(
        data: [UInt8], info: ClientInfo? = nil, offset: UInt64 = 0, epoch: String = "", tags: [Tag] = [],
        isDelta: Bool = false, time: Int64 = 0, form: PayloadForm = .json
    ) {
        self.data = data
        self.form = form
        self.info = info
        self.offset = offset
        self.epoch = epoch
        self.tags = tags
        self.isDelta = isDelta
        self.time = time
    }

    /// Whether a receiver can be served; one that cannot is closed with ``DisconnectCode/inappropriateProtocol``.
    package func isReadable(by codec: Codec) -> Bool { codec == .protobuf || form != .binary }

    /// This publication for a JSON subscription with deltas: there `data`, payload or patch, is a string that holds the
    /// text (protocol.md 19).
    ///
    /// Protobuf receivers get the bytes as they are.
    ///
    /// - Returns: `nil` when `data` is no UTF-8, as a patch may be that cuts through a character: send the payload then.
    package func quoted() -> Publication? {
        guard (try? UTF8Span(validating: data.span)) != nil else { return nil }
        var quoted = self
        quoted.data = []
        // Two quotes, and room for a few escapes.
        quoted.data.reserveCapacity(data.count + data.count / 8 + 2)
        quoted.data.appendJSONString(data)
        quoted.form = .json
        return quoted
    }
}
