/// Who is charged: a keyed 64-bit fingerprint of a user, a channel or an address.
///
/// Made once (at connect, at subscribe) by ``LimitKeyMaker``; a name never enters a table. Two of a million
/// names share a fingerprint with a chance of 1 in 37 million, and would then share a budget.
package struct LimitKey: Hashable, Sendable {
    let fingerprint: UInt64

    init(fingerprint: UInt64) {
        self.fingerprint = fingerprint == 0 ? 1 : fingerprint  // 0 marks an empty slot
    }

    /// The key of one of this owner's budgets; each operation has its own.
    package func budget(_ number: UInt8) -> LimitKey {
        // The finaliser of SplitMix64: one changed input bit changes every output bit with probability one
        // half.
        var bits = fingerprint &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return LimitKey(fingerprint: bits ^ (bits >> 31))
    }
}

/// Makes keys under one random seed, so that nobody outside can choose names that collide.
///
/// `Hasher` is SipHash-1-3 with a seed of its own per process. Ours is mixed in as well: it holds when that
/// one is switched off (`SWIFT_DETERMINISTIC_HASHING`), and tests can repeat a run. The scope is mixed in
/// too, so that the user "chat" and the channel "chat" are two keys. Keys mean nothing to another process;
/// never store one.
package struct LimitKeyMaker: Sendable {
    private let seed: (UInt64, UInt64)

    /// - Parameter seed: 128 bits from the system's random generator.
    package init(seed: (UInt64, UInt64)) { self.seed = seed }

    package func user(_ id: String) -> LimitKey { key(.user, id) }
    package func channel(_ name: String) -> LimitKey { key(.channel, name) }
    package func address(_ prefix: AddressPrefix) -> LimitKey { key(.address, prefix) }

    private func key(_ scope: LimitScope, _ name: some Hashable) -> LimitKey {
        var hasher = Hasher()
        hasher.combine(seed.0)
        hasher.combine(seed.1)
        hasher.combine(scope)
        hasher.combine(name)
        return LimitKey(fingerprint: UInt64(truncatingIfNeeded: hasher.finalize()))
    }
}

/// Whose budget a refusal came from.
///
/// The raw value is the metric label.
package enum LimitScope: String, CaseIterable, Sendable {
    case user
    case connection
    case channel
    case address
}
