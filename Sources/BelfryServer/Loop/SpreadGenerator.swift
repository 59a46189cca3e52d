/// Numbers that spread work over time and need not be secret: the system's own cost a call of the kernel each.
///
/// SplitMix64 (Steele, Lea, Flood 2014), begun anywhere.
struct SpreadGenerator: RandomNumberGenerator {
    private var state = UInt64.random(in: 0 ... .max)

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
