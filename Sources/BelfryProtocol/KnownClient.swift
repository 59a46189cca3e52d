/// The kinds of client worth counting apart.
///
/// A client says its `name` itself, so the name may be anything; only names on this list become metric labels.
package enum KnownClient: String, CaseIterable, Sendable {
    case js, python, go, swift, dart, java, csharp
    /// Anything else, and nothing.
    case other

    /// - Parameter name: As sent in `connect`.
    package init(name: String) { self = KnownClient(rawValue: name) ?? .other }
}
