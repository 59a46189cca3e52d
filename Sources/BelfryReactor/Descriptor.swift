/// A file descriptor as a number; whoever holds it closes it, once, through its ``Kernel``.
///
/// A plain value on purpose: a simulated kernel hands out numbers that mean nothing to Linux, so no `deinit`
/// could close one rightly.
@frozen package struct Descriptor: Hashable, Sendable {
    package let rawValue: Int32

    @inlinable package init(rawValue: Int32) { self.rawValue = rawValue }
}
