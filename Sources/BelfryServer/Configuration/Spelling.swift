/// Finds what somebody meant to write.
enum Spelling {
    /// Longer names are no typing mistakes, and comparing costs the product of both lengths.
    private static let lengthMax = 64

    /// The key meant by an unknown one.
    ///
    /// Names are dotted, from the root of the table. `prefix` is the section that the unknown one stands in;
    /// keys of that section are suggested by their last part.
    static func suggestion(for name: String, among names: [String], below prefix: String) -> String? {
        let own = String(name.dropFirst(prefix.count))
        let siblings = names.filter { $0.hasPrefix(prefix) }
            .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first.map(String.init) }
        if let sibling = closest(to: own, among: siblings) { return sibling }
        // The right name in the wrong section.
        return names.first { $0 == own || $0.hasSuffix("." + own) || $0.hasPrefix(own + ".") }
    }

    /// The nearest candidate, if it is near enough to be a mistake: a third of the letters, at most three.
    static func closest(to name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= lengthMax else { return nil }
        let distances = Set(candidates).sorted().map { ($0, distance(name.lowercased(), $0.lowercased())) }
        guard let best = distances.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= min(3, max(1, name.utf8.count / 3)) ? best.0 : nil
    }

    /// Letters to insert, remove, replace or swap with a neighbour (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8), right = Array(right.utf8)
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var twoAbove: [Int] = []
        var above = Array(0...right.count)
        for row in 1...left.count {
            var line = [row]
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var cost = min(above[column] + 1, line[column - 1] + 1, above[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1]
                {
                    cost = min(cost, twoAbove[column - 2] + 1)
                }
                line.append(cost)
            }
            (twoAbove, above) = (above, line)
        }
        return above[right.count]
    }
}
