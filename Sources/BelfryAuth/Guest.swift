// Visitors of the chat page. A guest is nobody the application knows: its user id says so, and no name that a visitor
// chooses gives it the id of somebody else.

/// A visitor: a name of its own choosing, and a user id that only who knows the guest's secret gets again.
package struct Guest: Equatable, Sendable {
    /// What others see: 1 to 32 characters, none of them a control.
    package let name: String
    /// `guest-` and 16 hexadecimal digits.
    package let user: String

    /// Before every guest's id, so that rules and operators can tell them from the application's own users.
    package static let prefix = "guest-"

    /// `nil` when the name or the secret is none.
    ///
    /// - Parameters:
    ///   - name: As the visitor wrote it.
    ///   - secret: 32 hexadecimal digits that the visitor's browser drew; the same secret is the same user.
    package init?(name: String, secret: String) {
        guard let name = Self.visible(name), Self.isSecret(secret) else { return nil }
        self.name = name
        user = Self.prefix + Self.digest.of(secret)
    }

    /// Hides the secret, which has 128 bits of its own: the key needs none.
    private static let digest = Pseudonym(key: Array("belfry guest".utf8))

    private static func isSecret(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    /// 128 bytes hold 32 emoji; what is longer piles marks upon marks.
    private static let nameBytesMax = 128

    private static func visible(_ text: String) -> String? {
        guard text.utf8.count <= nameBytesMax else { return nil }
        let name = text.trimmed
        guard (1...32).contains(name.count), name.unicodeScalars.allSatisfy(isVisible) else { return nil }
        return name
    }

    /// Format characters turn the writing direction of what follows; the joiner of emoji is the one that does not.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: false
        case .format: scalar == "\u{200D}"
        default: scalar != "\u{FFFD}"
        }
    }
}

extension String {
    /// Without white space around it.
    fileprivate var trimmed: String {
        let kept = drop(while: \.isWhitespace)
        guard let last = kept.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(kept[...last])
    }
}

/// Signs the tokens of guests.
package struct GuestSigner: Sendable {
    /// Seconds a guest's token is good for; its page gets another one then.
    package static let lifetime: Int64 = 3_600

    private let signer: TokenSigner
    private let issuer: String?
    private let audience: String?

    /// - Parameters:
    ///   - signer: Signs with a secret that the relay's own verifier knows.
    ///   - issuer: Whom the verifier believes; empty for anybody.
    ///   - audience: As the verifier wants it; empty for any.
    package init(signer: TokenSigner, issuer: String, audience: String) {
        self.signer = signer
        self.issuer = issuer.isEmpty ? nil : issuer
        self.audience = audience.isEmpty ? nil : audience
    }

    /// A connection token for the guest, whose name others get as `{"name":…}`.
    package func token(for guest: Guest, now: Int64) throws(TokenSigner.Fault) -> String {
        var contents = TokenSigner.Contents(user: guest.user)
        contents.issuedAt = now
        contents.expiresAt = now &+ Self.lifetime
        contents.issuer = issuer
        contents.audience = audience
        contents.info = Array(#"{"name":\#(JSONText.quoted(guest.name))}"#.utf8)
        return try signer.sign(contents)
    }
}
