/// Whether a detector may learn from this tick.
///
/// What fires is not taught as normal at once; but after a limit it is, so that a new normal is accepted.
package struct LearningGate: Restorable, Sendable {
    /// Ticks of firing after which learning goes on.
    package let patience: Int
    private var firing = 0

    package init(patience: Int) { self.patience = patience }

    package mutating func learns(isFiring: Bool) -> Bool {
        firing = isFiring ? min(firing + 1, patience + 1) : 0
        return firing == 0 || firing > patience
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try visitor.visit(&firing, upTo: patience + 1)
    }
}
