/// A small inflater of our own that refuses any reference beyond its window: zlib's is lenient within one call, so it can
/// not prove that a window is kept (RFC 1951, section 3.2).
func inflate(_ bytes: [UInt8], windowBits: Int) -> [UInt8]? {
    var reader = BlockReader(bytes: bytes, window: 1 << windowBits)
    return reader.read() ? reader.output : nil
}

private struct BlockReader {
    let bytes: [UInt8]
    let window: Int
    var output: [UInt8] = []
    var bit = 0

    mutating func read() -> Bool {
        while bit + 3 <= bytes.count * 8 {
            _ = take(1)
            switch take(2) {
            case 0: guard readStored() else { return false }
            case 1: guard readCodes(Self.fixedLiterals, Self.fixedDistances) else { return false }
            case 2:
                guard let (literals, distances) = readTables(), readCodes(literals, distances) else {
                    return false
                }
            default: return false
            }
        }
        return bit == bytes.count * 8
    }

    private static let fixedLiterals = Huffman(
        lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    private static let fixedDistances = Huffman(lengths: Array(repeating: 5, count: 30))

    private mutating func take(_ count: Int) -> Int {
        var value = 0
        for place in 0..<count {
            let byte = bit / 8 < bytes.count ? bytes[bit / 8] : 0
            value |= Int(byte >> UInt8(bit % 8) & 1) << place
            bit += 1
        }
        return value
    }

    private mutating func readStored() -> Bool {
        bit = (bit + 7) / 8 * 8
        let (length, complement) = (take(16), take(16))
        guard length == complement ^ 0xFFFF, bit / 8 + length <= bytes.count else { return false }
        output += bytes[(bit / 8)..<(bit / 8 + length)]
        bit += length * 8
        return true
    }

    private mutating func readTables() -> (Huffman, Huffman)? {
        let (literals, distances, codes) = (take(5) + 257, take(5) + 1, take(4) + 4)
        var lengths = Array(repeating: 0, count: 19)
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        for place in 0..<codes { lengths[order[place]] = take(3) }
        let table = Huffman(lengths: lengths)
        var all: [Int] = []
        while all.count < literals + distances {
            guard let symbol = decode(table) else { return nil }
            switch symbol {
            case ..<16: all.append(symbol)
            case 16: all += Array(repeating: all.last ?? 0, count: take(2) + 3)
            case 17: all += Array(repeating: 0, count: take(3) + 3)
            default: all += Array(repeating: 0, count: take(7) + 11)
            }
        }
        return (Huffman(lengths: Array(all[..<literals])), Huffman(lengths: Array(all[literals...])))
    }

    private mutating func readCodes(_ literals: Huffman, _ distances: Huffman) -> Bool {
        while let symbol = decode(literals) {
            if symbol == 256 { return true }
            if symbol < 256 {
                output.append(UInt8(symbol))
                continue
            }
            let length = base(of: symbol - 257, step: 4, first: 3, last: 258)
            guard let code = decode(distances) else { return false }
            let distance = base(of: code, step: 2, first: 1, last: nil)
            guard distance <= window, distance <= output.count else { return false }
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
        return false
    }

    /// The base and extra bits of lengths and distances: `step` codes share a number of extra bits.
    private mutating func base(of code: Int, step: Int, first: Int, last: Int?) -> Int {
        if let last, code == 28 { return last }
        let extra = max(0, code / step - 1)
        let start = code < step * 2 ? code : (step + code % step) << extra
        return start + first + take(extra)
    }

    private mutating func decode(_ table: Huffman) -> Int? {
        var code = 0
        for length in 1...15 {
            code = code << 1 | take(1)
            if let symbol = table.symbols[length << 16 | code] { return symbol }
        }
        return nil
    }
}

/// Symbols by length and code (RFC 1951, section 3.2.2).
private struct Huffman {
    var symbols: [Int: Int] = [:]

    init(lengths: [Int]) {
        var code = 0
        for length in 1...15 {
            code <<= 1
            for (symbol, own) in lengths.enumerated() where own == length {
                symbols[length << 16 | code] = symbol
                code += 1
            }
        }
    }
}
