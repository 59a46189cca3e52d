/// Which RSA public keys are strong enough to be believed.
enum RSAKeyPolicy {
    /// Checks big-endian modulus and exponent.
    ///
    /// - Returns: the modulus size in bytes, which is the exact size of every signature.
    static func check(modulus: [UInt8], exponent: [UInt8]) throws(KeyRefusal) -> Int {
        let modulus = modulus.drop { $0 == 0 }
        let exponent = exponent.drop { $0 == 0 }
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        // 2048: RFC 7518 section 3.3. 8192: larger ones cost milliseconds a token and add nothing.
        guard (2048...8192).contains(bits) else { throw .modulusSize(bits: bits) }
        guard let last = exponent.last, last & 1 == 1, exponent.count > 1 || last >= 3 else {
            throw .exponent
        }
        guard !isGuessable(modulus) else { throw .guessableModulus }
        return modulus.count
    }

    /// The fingerprint of the ROCA generator: modulo each of these small primes its moduli are powers of
    /// 65537.
    ///
    /// An honest modulus passes for one by chance in less than one case of 2^27.
    private static let fingerprintPrimes: [UInt64] = [
        11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
    ]

    private static func isGuessable(_ modulus: ArraySlice<UInt8>) -> Bool {
        fingerprintPrimes.allSatisfy { prime in
            let residue = modulus.reduce(UInt64(0)) { ($0 << 8 | UInt64($1)) % prime }
            return isPower(residue, modulo: prime)
        }
    }

    private static func isPower(_ residue: UInt64, modulo prime: UInt64) -> Bool {
        var power: UInt64 = 1
        for _ in 0..<prime {
            if power == residue { return true }
            power = power * 65537 % prime
        }
        return false
    }
}
