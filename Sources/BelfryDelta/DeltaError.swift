/// Why a patch could not be applied.
package enum DeltaError: Error, Equatable, Sendable {
    /// The patch ends before its checksum.
    case truncated
    /// No number where one must stand, or one over 32 bits.
    case number(offset: Int)
    /// A byte that no segment has at this place.
    case segment(offset: Int)
    /// A copy from outside the base.
    case copyOutOfBase(offset: Int)
    /// The announced size is over the caller's limit.
    case tooLong(byteCount: UInt32, limit: Int)
    /// The segments make more or less than the announced size.
    case size(announced: UInt32)
    case checksum
    /// Bytes behind the end.
    case trailing(offset: Int)
}
