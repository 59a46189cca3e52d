// The P² algorithm (Jain and Chlamtac, CACM 1985): five markers whose heights follow a parabola through their
// neighbours, so that the middle one stays near the quantile. No value is kept.

/// A running quantile in constant memory.
package struct QuantileEstimator: Restorable, Sendable {
    /// Which one, above 0 and below 1.
    package let quantile: Double
    private var count = 0
    private var heights = [Double](repeating: 0, count: 5)
    private var positions: [Double] = [0, 1, 2, 3, 4]

    package init(quantile: Double) { self.quantile = quantile.clamped(1e-6, 1 - 1e-6) }

    /// The estimate; exact up to five values, 0 before the first.
    package var value: Double {
        guard count > 0 else { return 0 }
        guard count < 5 else { return heights[2] }
        let sorted = heights[..<count].sorted()
        return sorted[min(count - 1, Int((quantile * Double(count)).rounded(.down)))]
    }

    package mutating func add(_ value: Double) {
        guard value.isFinite else { return }
        // Far enough from the ends of the number line for differences of products.
        let value = value.clamped(-1e150, 1e150)
        count = min(count + 1, 1 << 53)
        guard count > 5 else {
            heights[count - 1] = value
            if count == 5 { heights.sort() }
            return
        }
        let cell = moveEnds(value)
        for index in (cell + 1)..<5 { positions[index] += 1 }
        for index in 1...3 { adjust(index) }
    }

    /// The cell the value falls into, from 0 to 3; the ends move out for it.
    private mutating func moveEnds(_ value: Double) -> Int {
        if value < heights[0] {
            heights[0] = value
            return 0
        }
        if value >= heights[4] {
            heights[4] = value
            return 3
        }
        return (heights.lastIndex { $0 <= value } ?? 0).clamped(0, 3)
    }

    private var desired: [Double] {
        let last = Double(count - 1)
        return [0, last * quantile / 2, last * quantile, last * (1 + quantile) / 2, last]
    }

    private mutating func adjust(_ index: Int) {
        let lag = desired[index] - positions[index]
        let after = positions[index + 1] - positions[index]
        let before = positions[index] - positions[index - 1]
        guard lag >= 1 && after > 1 || lag <= -1 && before > 1 else { return }
        let step: Double = lag > 0 ? 1 : -1
        let parabolic = parabola(index, step)
        let isBetween = heights[index - 1] < parabolic && parabolic < heights[index + 1]
        heights[index] = isBetween ? parabolic : linear(index, step)
        positions[index] += step
    }

    private func parabola(_ index: Int, _ step: Double) -> Double {
        let (before, here, after) = (positions[index - 1], positions[index], positions[index + 1])
        let right = (here - before + step) * (heights[index + 1] - heights[index]) / (after - here)
        let left = (after - here - step) * (heights[index] - heights[index - 1]) / (here - before)
        return heights[index] + step / (after - before) * (right + left)
    }

    private func linear(_ index: Int, _ step: Double) -> Double {
        let other = index + Int(step)
        return heights[index] + step * (heights[other] - heights[index])
            / (positions[other] - positions[index])
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try visitor.visit(&count, upTo: 1 << 53)
        try visitor.visit(&heights)
        try visitor.visit(&positions)
        guard count < 5 || zip(heights, heights.dropFirst()).allSatisfy({ $0 <= $1 }),
            zip(positions, positions.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw .impossible }
    }
}

extension Int {
    func clamped(_ low: Int, _ high: Int) -> Int { Swift.min(Swift.max(self, low), high) }
}
