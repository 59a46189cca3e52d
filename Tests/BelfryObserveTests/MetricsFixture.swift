@testable import BelfryObserve

extension MetricRegistry {
    static let eventNames = (1...39).map { "event.\($0)" }

    static func sample(certificates: [String] = ["rsa", "ecdsa"]) -> MetricRegistry {
        MetricRegistry(
            build: BuildInfo(version: "1.0", commit: "abc", swift: "6.3", openssl: "3.0"),
            certificateNames: certificates, eventNames: eventNames)
    }

    func text(_ format: ExpositionFormat) -> String { String(decoding: render(format), as: UTF8.self) }

    /// Sample lines only.
    func lines(_ format: ExpositionFormat) -> [Substring] {
        text(format).split(separator: "\n").filter { !$0.hasPrefix("#") }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
