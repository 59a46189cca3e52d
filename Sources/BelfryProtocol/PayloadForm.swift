/// What is known of a payload's bytes, so that they are looked at once and not for every receiver.
///
/// A JSON client's payload was scanned when its command was read. A Protobuf client's may be anything, also text made to
/// break out of the line it is put in; so no payload may stand in a JSON push whose form is not known.
package enum PayloadForm: String, CaseIterable, Sendable {
    /// A JSON value without raw line breaks, or nothing: stands in a JSON push as it is.
    case json
    /// A JSON value with raw line breaks between its tokens; JSON receivers get it without them (protocol.md 2.1).
    case jsonOnManyLines
    /// No JSON: receivers that speak JSON cannot be served (protocol.md 3.2).
    case binary

    /// Looks at the bytes.
    package init(of bytes: [UInt8]) {
        guard bytes.isEmpty || JSONScanner.kind(of: bytes) != nil else {
            self = .binary
            return
        }
        self = bytes.contains(where: \.isLineBreak) ? .jsonOnManyLines : .json
    }
}

extension UInt8 {
    var isLineBreak: Bool { self == ASCII.lineFeed || self == ASCII.carriageReturn }
}
