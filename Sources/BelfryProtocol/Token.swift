/// A token as the client sent it: unverified, and secret.
///
/// Whoever holds it can act as its user, so it never describes itself: printing, interpolating, dumping or reflecting a
/// token, or anything that contains one, shows only that it is there.
package struct Token: Equatable, Sendable {
    /// The text, UTF-8; never empty.
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
}

extension Token: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<token>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
