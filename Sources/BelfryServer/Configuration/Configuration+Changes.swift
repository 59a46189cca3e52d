// What a reload finds different. Names of keys only: values may be secrets.

extension Configuration {
    /// Dotted names of the keys whose values differ, in the order of the sections.
    package func keysChanged(since earlier: Configuration) -> [String] {
        Self.keys.filter { !$0.isSame(self, earlier) }.map(\.name)
    }

    /// Those that differ from what the relay was started with, and that it takes at its next start only.
    package func keysAwaitingRestart(since started: Configuration) -> [String] {
        Self.keys.filter { !$0.isReloaded && !$0.isSame(self, started) }.map(\.name)
    }
}
