// A channel's name says who may use it (protocol.md 18.1):
//
//   $news:rust          private: needs a subscription token; namespace "news"
//   dialog:x#42,43      user-limited: only the listed users
//   #42                 the personal channel of user 42
//
// It is taken apart once, here; whoever holds a `ChannelName` holds a valid one.

/// A valid channel name and its parts.
package struct ChannelName: Hashable, Sendable {
    /// The whole name, as sent.
    package let full: String
    /// What stands before the first `:`, without a leading `$`; `nil` when there is none.
    package let namespace: String?

    /// Length of what stands before the `#`, in bytes; `nil` when there is none.
    private let boundary: Int?
    /// Length of the namespace with its `:`, and with a `$` before it; 0 without a namespace.
    private let prefix: Int

    /// - Throws: ``ChannelNameError``, which knows its answer.
    package init(_ full: String) throws(ChannelNameError) {
        guard !full.isEmpty else { throw .empty }
        guard full.utf8.count <= ProtocolLimits.channelNameBytes else {
            throw .tooLong(byteCount: full.utf8.count)
        }
        guard full.utf8.allSatisfy(Self.isPrintable) else { throw .notPrintableASCII }
        self.full = full
        namespace = try Self.namespace(of: full)
        prefix = namespace.map { $0.utf8.count + (full.utf8.first == ASCII.dollar ? 2 : 1) } ?? 0
        boundary = full.utf8.firstIndex(of: ASCII.hash).map {
            full.utf8.distance(from: full.startIndex, to: $0)
        }
    }

    /// What stands behind the namespace and its `:`; the whole name without a namespace.
    package var rest: Substring { full[full.utf8.index(full.startIndex, offsetBy: prefix)...] }

    /// A subscription token is obligatory.
    package var isPrivate: Bool { full.utf8.first == ASCII.dollar }

    /// Only the users named after the `#` may subscribe.
    package var isUserLimited: Bool { boundary != nil }

    /// The users named after the first `#`, as they stand there; empty when the channel is not user-limited.
    ///
    /// The first, not the last: `#a#b` is the personal channel of the user `a#b`, and nothing that `b` may read.
    package var users: [String] {
        guard let boundary else { return [] }
        return full.utf8.dropFirst(boundary + 1).split(
            separator: ASCII.comma, omittingEmptySubsequences: false
        )
        .map { String(Substring($0)) }
    }

    /// Whether the channel is user-limited and lists `user`.
    ///
    /// Anonymous users, whose id is empty, are never listed.
    package func allows(user: String) -> Bool {
        // Byte by byte: Swift's == holds canonically equal texts for one, and the Kelvin sign is no K here.
        !user.isEmpty && users.contains { $0.utf8.elementsEqual(user.utf8) }
    }

    /// Whether a configuration may call a namespace so: `^[-a-zA-Z0-9_]{2,}$`.
    package static func isNamespaceName(_ text: some StringProtocol) -> Bool {
        text.utf8.count >= 2 && text.utf8.allSatisfy(isNamespaceByte)
    }

    private static func namespace(of full: String) throws(ChannelNameError) -> String? {
        let named = full.utf8.first == ASCII.dollar ? full.utf8.dropFirst() : full.utf8[...]
        guard let colon = named.firstIndex(of: ASCII.colon) else { return nil }
        let namespace = Substring(named[..<colon])
        guard isNamespaceName(namespace) else { throw .impossibleNamespace }
        return String(namespace)
    }

    private static func isPrintable(_ byte: UInt8) -> Bool { (0x20...0x7E).contains(byte) }

    private static func isNamespaceByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), ASCII.minus, UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Why a text is no channel name, and how to answer.
package enum ChannelNameError: Error, Equatable, Sendable {
    /// A channel is needed and none was given: the connection is closed (protocol.md 4, rule 6).
    case empty
    case tooLong(byteCount: Int)
    case notPrintableASCII
    /// What stands before the `:` could not be the name of any namespace.
    case impossibleNamespace

    /// The error to reply with; `nil` when the connection is to be closed with ``DisconnectCode/badRequest``.
    package var reply: ErrorCode? {
        switch self {
        case .empty: nil
        case .tooLong, .notPrintableASCII: .badRequest
        case .impossibleNamespace: .unknownChannel
        }
    }
}
