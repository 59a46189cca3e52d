// Owner of the C mathematics: the standard library has no logarithm. These functions do no input or output.
#if canImport(Glibc)
    import Glibc
#endif

/// Functions of real numbers that the standard library lacks.
package enum RealMath {
    package static func log(_ value: Double) -> Double { _log(value) }
    package static func exp(_ value: Double) -> Double { _exp(value) }
    package static func power(_ base: Double, _ exponent: Double) -> Double { _pow(base, exponent) }
    /// The complementary error function.
    package static func erfc(_ value: Double) -> Double { _erfc(value) }
}

private func _log(_ value: Double) -> Double { log(value) }
private func _exp(_ value: Double) -> Double { exp(value) }
private func _pow(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
private func _erfc(_ value: Double) -> Double { erfc(value) }

extension Double {
    /// The number itself, or `fallback` when it is infinite or no number.
    package func finite(or fallback: Double = 0) -> Double { isFinite ? self : fallback }

    package func clamped(_ low: Double, _ high: Double) -> Double { Swift.min(Swift.max(self, low), high) }
}
