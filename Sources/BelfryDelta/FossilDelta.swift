// Patches in the Fossil delta format (protocol.md 19): what changed since the publication a subscriber had before.
//
//   SIZE \n  ( COUNT @ OFFSET ,  |  COUNT : bytes )*  CHECKSUM ;
//
// Always: (1) A patch is smaller than its target, or there is none. (2) The time is linear in both sizes: whatever
// the contents, each byte of the target is compared with a fixed number of places in the base. (3) The memory is
// linear in the base for the search and never more than the target for the patch. (4) The same input gives the same
// patch, so one made for a channel serves all its subscribers.
//
// A JSON connection carries the patch as text. Literals cut inside a scalar would be no text any more, and what the
// receiver makes of them has another checksum: see ``FossilDelta/Literals/text``.

/// Makes and applies patches.
package enum FossilDelta {
    /// What the literal parts of a patch may be cut into.
    package enum Literals: Sendable {
        /// Whole UTF-8 scalars, if the target is valid UTF-8: the patch is then valid UTF-8 too.
        case text
        /// Any bytes.
        case bytes
    }

    /// The patch that makes `target` of `base`.
    ///
    /// - Parameters:
    ///   - base: What the receiver has.
    ///   - target: What it shall have.
    ///   - literals: `.text` wherever the patch may reach a JSON connection.
    /// - Returns: `nil` when the patch would not be smaller than the target: send that in full.
    package static func patch(
        from base: [UInt8], to target: [UInt8], literals: Literals = .text
    ) -> [UInt8]? {
        // Offsets of blocks are kept in 32 bits.
        guard base.count <= Int32.max, target.count <= Int32.max else { return nil }
        let finder = MatchFinder(base: base, target: target, literals: literals)
        var writer = PatchWriter(target)
        let head = finder.commonHead()
        if let head { writer.copy(head) }
        let tail = finder.commonTail(from: writer.covered)
        copyMatches(finder, upTo: tail?.target ?? target.count, &writer)
        if let tail { writer.copy(tail) }
        return writer.finish()
    }

    /// Copies what else has its like in the base, up to `end` of the target, and leaves the rest to literals.
    private static func copyMatches(_ finder: MatchFinder, upTo end: Int, _ writer: inout PatchWriter) {
        let (base, target) = (finder.base, finder.target)
        let blockByteCount = BlockIndex.blockByteCount
        var position = writer.covered
        guard end &- position >= blockByteCount, base.count >= blockByteCount else { return }
        let index = BlockIndex(base)
        var key = BlockIndex.key(target, at: position)
        while !writer.isHopeless {
            if let match = finder.best(index, key, at: position, within: writer.covered..<end) {
                writer.copy(match)
                position = match.target &+ match.count
                guard end &- position >= blockByteCount else { return }
                key = BlockIndex.key(target, at: position)
            } else {
                guard end &- position > blockByteCount else { return }
                key = key &<< 8 | UInt64(target[position &+ blockByteCount])
                position &+= 1
            }
        }
    }
}
