/// A file descriptor as a number; whoever holds it closes it, once, through its ``Kernel``.
///
/// A plain value on purpose: a simulated kernel hands out numbers that mean nothing to Linux, so no `deinit`
/// could close one rightly.
@frozen public struct Descriptor: Hashable, Sendable {
    public let rawValue: Int32

    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
}
