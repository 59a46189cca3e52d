/// Which connection an event is about.
///
/// Made once at accept and passed along.
package struct ConnectionContext: Sendable, Equatable {
    /// Unique in the process; the thread through all entries about one connection.
    package let id: String
    /// Numeric, without brackets; the operator's option may cut it to a prefix before it comes here.
    package let peerAddress: String
    package let peerPort: UInt16
    /// The listening address, `0.0.0.0:8443`.
    package let listener: String

    package static let fields: [JournalField] = [.connID, .peerAddr, .peerPort, .listener]

    package init(id: String, peerAddress: String, peerPort: UInt16, listener: String) {
        self.id = id
        self.peerAddress = peerAddress
        self.peerPort = peerPort
        self.listener = listener
    }
}

/// Whom an event is about, as far as the journal may know.
package struct SubjectContext: Sendable, Equatable {
    /// The pseudonym: 16 hex of a keyed hash of `sub`, unless the operator asked for plain names.
    package let subject: String
    /// Keyed hash of the token's `jti`; never the identifier itself.
    package let jtiHash: String?
    /// `kid` of the token's header.
    package let keyID: String?
    /// `iss` of the token.
    package let issuer: String?

    package static let fields: [JournalField] = [.subject, .jtiHash, .kid, .iss]

    package init(subject: String, jtiHash: String? = nil, keyID: String? = nil, issuer: String? = nil) {
        self.subject = subject
        self.jtiHash = jtiHash
        self.keyID = keyID
        self.issuer = issuer
    }
}
