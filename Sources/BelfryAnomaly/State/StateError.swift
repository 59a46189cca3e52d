/// Why a saved state was refused.
package enum StateError: Error, Equatable, Sendable {
    /// It does not begin as a state does, or ends early, or goes on too long.
    case notAState
    /// Written by a version that this one does not read.
    case version(UInt16)
    /// The bytes are not those that were written.
    case checksum
    /// A number that the detector could never have had.
    case impossible
}
