/// How far the instances of one alert are, at the end of a tick.
package struct AlertProgress: Equatable, Sendable {
    /// Instances that fire.
    package private(set) var firing = 0
    /// Of them, those whose condition is false and that wait for the hold-down.
    package private(set) var clearing = 0
    /// Instances whose condition is true and that do not fire yet.
    package private(set) var pending = 0
    /// Of the pending one that is nearest: ticks in a row.
    package private(set) var ticks = 0

    package init() {}

    mutating func add(isFiring: Bool, isClearing: Bool, ticks: Int) {
        guard !isFiring else {
            firing += 1
            clearing += isClearing ? 1 : 0
            return
        }
        pending += 1
        self.ticks = max(self.ticks, ticks)
    }
}
