/// The network a client comes from: an IPv4 /24 or an IPv6 /48, in 64 bits.
///
/// A site gets a /48 (RFC 6177), and its owner any number of the /64s in it.
///
/// IPv6 prefixes whose upper 32 bits are 0 are reserved (RFC 4291 section 2.4), so IPv4 networks live there.
package struct ClientNet: Hashable, Sendable {
    package let bits: UInt64

    /// - Parameter address: In host byte order.
    package init(ipv4 address: UInt32) { bits = UInt64(address & 0xFFFF_FF00) }

    /// - Parameter prefix: The upper 64 bits of the address in host byte order.
    package init(ipv6Prefix prefix: UInt64) { bits = prefix & ~0xFFFF }

    package init(bits: UInt64) { self.bits = bits }
}

extension ClientNet: CustomStringConvertible {
    /// As an operator types it into a filter.
    package var description: String {
        guard bits >> 32 == 0 else {
            let groups = (0..<3).map { String((bits >> UInt64(48 - 16 * $0)) & 0xFFFF, radix: 16) }
            return groups.joined(separator: ":") + "::/48"
        }
        let bytes = (0..<4).map { String((bits >> UInt64(24 - 8 * $0)) & 0xFF) }
        return bytes.joined(separator: ".") + "/24"
    }
}

/// Whom an alert is about: at most one label beside its name.
package enum AlertKey: Hashable, Sendable {
    /// The whole relay.
    case none
    case clientNet(ClientNet)
    /// The pseudonym of a user, 64 bits.
    case subject(UInt64)
    /// The pseudonym of a channel, 64 bits.
    case room(UInt64)
    /// What a limit is about, of a closed set.
    case item(AlertItem)
    /// More than may have an alert of their own.
    case many(Kind)

    package enum Kind: Hashable, Sendable { case clientNet, subject, room, item }

    /// The label, `nil` for the whole relay.
    package var label: (name: String, value: String)? {
        switch self {
        case .none: nil
        case .clientNet(let net): ("client_net", net.description)
        case .subject(let pseudonym): ("subject", Self.hex(pseudonym))
        case .room(let pseudonym): ("room", Self.hex(pseudonym))
        case .item(let item): ("item", item.rawValue)
        case .many(let kind): (Self.labelName(kind), "many")
        }
    }

    /// What stands for it when there are too many of its kind; `nil` for the whole relay.
    package var collapsed: AlertKey? {
        switch self {
        case .none, .many: nil
        case .clientNet: .many(.clientNet)
        case .subject: .many(.subject)
        case .room: .many(.room)
        case .item: .many(.item)
        }
    }

    private static func labelName(_ kind: Kind) -> String {
        switch kind {
        case .clientNet: "client_net"
        case .subject: "subject"
        case .room: "room"
        case .item: "item"
        }
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// What a static limit is about.
package enum AlertItem: String, CaseIterable, Sendable {
    case certificate
    case keys
    case clock
}
