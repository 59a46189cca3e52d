/// A stretch of the target that also stands in the base.
struct Match {
    var base: Int
    var target: Int
    var count: Int

    /// Whether `COUNT@OFFSET,` is shorter than the bytes themselves.
    ///
    /// Three more are counted, for the header of a literal that is cut in two.
    var isWorthIt: Bool {
        count > FossilDigits.digitCount(count) &+ FossilDigits.digitCount(base) &+ 2 &+ 3
    }
}

/// Compares a target with its base.
struct MatchFinder {
    let base: [UInt8]
    let target: [UInt8]
    let literals: FossilDelta.Literals

    /// What both begin with, if it is worth copying.
    func commonHead() -> Match? {
        let count = forward(0, 0, upTo: target.count)
        return aligned(Match(base: 0, target: 0, count: count))
    }

    /// What both end with, not before `start` of the target, if it is worth copying.
    func commonTail(from start: Int) -> Match? {
        let count = backward(base.count, target.count, downTo: start)
        return aligned(Match(base: base.count &- count, target: target.count &- count, count: count))
    }

    /// The longest match around the block at `position`, if it is worth copying.
    func best(_ index: BlockIndex, _ key: UInt64, at position: Int, within range: Range<Int>) -> Match? {
        var best: Match?
        index.forEachCandidate(key) { offset in
            guard BlockIndex.key(base, at: offset) == key else { return }
            let before = backward(offset, position, downTo: range.lowerBound)
            let after = forward(offset, position, upTo: range.upperBound)
            let count = before &+ after
            guard count > best?.count ?? 0 else { return }
            best = Match(base: offset &- before, target: position &- before, count: count)
        }
        return best.flatMap(aligned)
    }

    private func forward(_ offset: Int, _ position: Int, upTo end: Int) -> Int {
        let limit = min(base.count &- offset, end &- position)
        var count = 0
        while count < limit, base[offset &+ count] == target[position &+ count] { count &+= 1 }
        return count
    }

    private func backward(_ offset: Int, _ position: Int, downTo start: Int) -> Int {
        let limit = min(offset, position &- start)
        var count = 0
        while count < limit, base[offset &- count &- 1] == target[position &- count &- 1] { count &+= 1 }
        return count
    }

    /// Shrinks a match to whole scalars, so that the literals around it are whole too.
    private func aligned(_ match: Match) -> Match? {
        var match = match
        if literals == .text {
            // No scalar has more than three continuation bytes; what has is no text, and nothing is promised for it.
            for _ in 0..<3 where match.count > 0 && isContinuation(match.target) {
                match = Match(base: match.base &+ 1, target: match.target &+ 1, count: match.count &- 1)
            }
            for _ in 0..<3 where match.count > 0 && isContinuation(match.target &+ match.count) {
                match.count &-= 1
            }
        }
        return match.isWorthIt ? match : nil
    }

    private func isContinuation(_ position: Int) -> Bool {
        position < target.count && target[position] & 0xC0 == 0x80
    }
}
