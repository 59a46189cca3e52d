/// Writes a patch from the target's beginning to its end; what no copy covers becomes literals.
struct PatchWriter {
    private let target: [UInt8]
    private var patch: [UInt8] = []
    /// The first byte of the target that is not in the patch yet.
    private(set) var covered = 0
    /// The patch cannot be smaller than the target any more: nothing more is written.
    private(set) var isHopeless = false

    init(_ target: [UInt8]) {
        self.target = target
        FossilDigits.append(UInt32(truncatingIfNeeded: target.count), to: &patch)
        patch.append(UInt8(ascii: "\n"))
    }

    /// Copies a match that begins at or behind ``covered``.
    mutating func copy(_ match: Match) {
        writeLiteral(upTo: match.target)
        if isHopeless { return }
        FossilDigits.append(UInt32(truncatingIfNeeded: match.count), to: &patch)
        patch.append(UInt8(ascii: "@"))
        FossilDigits.append(UInt32(truncatingIfNeeded: match.base), to: &patch)
        patch.append(UInt8(ascii: ","))
        covered = match.target &+ match.count
        isHopeless = patch.count >= target.count
    }

    /// The whole patch, or `nil` when it is not smaller than the target.
    mutating func finish() -> [UInt8]? {
        writeLiteral(upTo: target.count)
        if isHopeless { return nil }
        FossilDigits.append(FossilDigits.checksum(target.span), to: &patch)
        patch.append(UInt8(ascii: ";"))
        return patch.count < target.count ? patch : nil
    }

    private mutating func writeLiteral(upTo end: Int) {
        let count = end &- covered
        if count <= 0 || isHopeless { return }
        // Checked before the bytes are taken, so that the patch never outgrows the target.
        isHopeless = patch.count &+ count >= target.count
        if isHopeless { return }
        FossilDigits.append(UInt32(truncatingIfNeeded: count), to: &patch)
        patch.append(UInt8(ascii: ":"))
        patch.append(contentsOf: target[covered..<end])
        covered = end
    }
}
