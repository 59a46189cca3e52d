import Crypto
import Testing

@testable import BelfryAuth

struct KeyedHashTests {
    @Test(arguments: [0, 1, 20, 63, 64, 65, 127, 128, 129, 200])
    func `a code is HMAC's, for keys shorter and longer than a block`(keyCount: Int) {
        let key = (0..<keyCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for textCount in [0, 1, 55, 56, 64, 300] {
            let text = (0..<textCount).map { UInt8(truncatingIfNeeded: $0 &* 13) }
            expectSame(SHA256.self, key, text)
            expectSame(SHA384.self, key, text)
            expectSame(SHA512.self, key, text)
        }
    }

    private func expectSame<Hash: HashFunction>(_: Hash.Type, _ key: [UInt8], _ text: [UInt8]) {
        let right = Array(HMAC<Hash>.authenticationCode(for: text, using: SymmetricKey(data: key)))
        #expect(Array(KeyedHash<Hash>(key: key).code(of: text[...])) == right)
    }

    @Test func `one bit off, one byte more and one byte less are another code`() {
        let hash = KeyedHash<SHA256>(key: [1, 2, 3])
        let text: [UInt8] = [4, 5, 6]
        let code = Array(hash.code(of: text[...]))
        #expect(hash.verifies(code, of: text[...]))
        for bit in 0..<(code.count * 8) {
            var other = code
            other[bit / 8] ^= 1 << (bit % 8)
            #expect(!hash.verifies(other, of: text[...]))
        }
        #expect(!hash.verifies(code + [0], of: text[...]))
        #expect(!hash.verifies(code.dropLast(), of: text[...]))
        #expect(!hash.verifies([], of: text[...]))
    }
}
