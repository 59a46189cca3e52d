/// Makes the names of streams' lives: 8 letters, opaque, never empty.
///
/// Not secret. They must only differ from those of earlier lives, so the seed must be random at each start.
struct EpochSource: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> String {
        var bits = random()
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

    /// SplitMix64: every seed gives a full-period sequence.
    private mutating func random() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
