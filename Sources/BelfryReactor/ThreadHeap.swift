import CLinux

/// The heap that glibc gives a loop's thread.
///
/// Only the main thread's heap grows in steps (`M_TOP_PAD`); any other asks the kernel for a page or two at a time
/// (malloc/arena.c, `grow_heap`). With 17 KB a connection that is 1.3 calls of `mprotect` for each one that is more than ever
/// before, and 3 % of what its handshake costs in all.
public enum ThreadHeap {
    /// Connections between two calls of ``growAhead()``.
    public static let connectionsAhead = 64
    /// What so many take while their handshakes run, generously.
    static let bytesAhead = 64 * 24_576

    /// Has the heaps of all threads keep what they grew by; once, before threads are made.
    ///
    /// A block is mapped apart from 4 MB on, and 8 MB at the end of a heap go back to the kernel (mallopt(3)). glibc would
    /// choose such numbers itself, later: when the first large block is freed.
    public static func prepare() { clinux_keep_heaps(4 << 20, 8 << 20) }

    /// Makes room at the end of the calling thread's heap; costs a microsecond where there is some, and no memory at all:
    /// pages that nobody has written to are none.
    public static func growAhead() { clinux_grow_heap(bytesAhead) }
}
