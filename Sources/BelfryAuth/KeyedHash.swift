import Crypto

/// HMAC that has absorbed its key (RFC 2104), which is half of the work for a token; copied for each.
///
/// Over the library's hash, but not its HMAC: that one is generic in what it reads and is not specialized for a caller, so
/// each code looks up a dozen types at run time, which takes longer than the hash of a token.
struct KeyedHash<Hash: HashFunction>: Sendable {
    private var inner = Hash()
    private var outer = Hash()

    init(key: [UInt8]) {
        let short = key.count > Hash.blockByteCount ? Array(Hash.hash(data: key)) : key
        let block = short + repeatElement(0, count: Hash.blockByteCount - short.count)
        inner.update(data: block.map { $0 ^ 0x36 })
        outer.update(data: block.map { $0 ^ 0x5C })
    }

    func code(of text: ArraySlice<UInt8>) -> Hash.Digest {
        var inner = inner
        inner.update(data: text)
        var outer = outer
        outer.update(data: Array(inner.finalize()))
        return outer.finalize()
    }

    /// Whether `code` is that of `text`, in a time that does not depend on where they differ.
    func verifies(_ code: [UInt8], of text: ArraySlice<UInt8>) -> Bool {
        guard code.count == Hash.Digest.byteCount else { return false }
        var difference: UInt8 = 0
        for (right, given) in zip(self.code(of: text), code) { difference |= right ^ given }
        return difference == 0
    }
}
