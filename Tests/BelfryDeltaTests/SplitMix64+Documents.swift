import BelfryBytes

// Documents and edits of them, from a seed.

extension SplitMix64 {
    private static let words = [
        "alpha", " beta ", "{\"x\":", "1,2,3", "ä", "ö", "世界", "丗", "🔔", "🔕", "\n", "0", ":", "@",
    ]

    mutating func piece(isText: Bool) -> [UInt8] {
        if isText { return Array((Self.words.randomElement(using: &self) ?? "").utf8) }
        return (0..<Int.random(in: 0...6, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    mutating func document(isText: Bool) -> [UInt8] {
        (0..<Int.random(in: 0...120, using: &self)).flatMap { _ in piece(isText: isText) }
    }

    /// Some pieces put in, taken out or moved, cut between scalars.
    mutating func edited(_ base: [UInt8], isText: Bool) -> [UInt8] {
        var target = base
        for _ in 0..<Int.random(in: 0...6, using: &self) {
            let (first, second) = (cut(target), cut(target))
            let range = min(first, second)..<max(first, second)
            switch Int.random(in: 0...3, using: &self) {
            case 0: target.insert(contentsOf: piece(isText: isText), at: first)
            case 1 where range.count < 20: target.removeSubrange(range)
            case 2: target += target[range]
            default: target.replaceSubrange(first..<first, with: piece(isText: isText))
            }
        }
        return target
    }

    private mutating func cut(_ bytes: [UInt8]) -> Int {
        var cut = Int.random(in: 0...bytes.count, using: &self)
        while cut < bytes.count, bytes[cut] & 0xC0 == 0x80 { cut += 1 }
        return cut
    }

    mutating func mutate(_ bytes: inout [UInt8]) {
        let at = Int.random(in: 0...bytes.count, using: &self)
        switch Int.random(in: 0...3, using: &self) {
        case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &self)
        case 1 where at < bytes.count: bytes.remove(at: at)
        case 2: bytes = Array(bytes[..<at])
        default: bytes.insert(Array("09AZ_az~@,:;\n".utf8).randomElement(using: &self) ?? 0, at: at)
        }
    }
}
