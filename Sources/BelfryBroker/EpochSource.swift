import BelfryBytes

/// Makes the names of streams' lives: 8 letters, opaque, never empty.
///
/// Not secret. They must only differ from those of earlier lives, so the seed must be random at each start.
struct EpochSource: Sendable {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func next() -> String {
        var bits = random.next()
        var letters = ""
        for _ in 0..<8 {
            letters.unicodeScalars.append(Self.letter(bits % 52))
            bits /= 52
        }
        return letters
    }

    private static func letter(_ number: UInt64) -> Unicode.Scalar {
        let base = number < 26 ? UInt8(ascii: "a") : UInt8(ascii: "A") - 26
        return Unicode.Scalar(base &+ UInt8(truncatingIfNeeded: number))
    }
}
