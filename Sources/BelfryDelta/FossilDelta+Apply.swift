extension FossilDelta {
    /// What `patch` makes of `base`; the receiver's side, by which this server proves its own patches.
    ///
    /// - Parameters:
    ///   - patch: From anywhere: a few bytes of it can copy the whole base many times.
    ///   - base: What the patch was made from.
    ///   - limit: The largest result accepted, in bytes.
    /// - Returns: The target.
    /// - Throws: The first thing wrong; no result is trusted without its checksum.
    package static func apply(
        _ patch: [UInt8], to base: [UInt8], limit: Int
    ) throws(DeltaError) -> [UInt8] {
        var reader = PatchReader(patch)
        let size = try reader.number()
        guard try reader.byte() == UInt8(ascii: "\n") else { throw .segment(offset: reader.offset &- 1) }
        guard Int(size) <= limit else { throw .tooLong(byteCount: size, limit: limit) }
        var target: [UInt8] = []
        while true {
            let count = try reader.number()
            let kind = try reader.byte()
            if kind == UInt8(ascii: ";") {
                try reader.end()
                guard target.count == Int(size) else { throw .size(announced: size) }
                guard count == FossilDigits.checksum(target.span) else { throw .checksum }
                return target
            }
            guard Int(count) <= Int(size) &- target.count else { throw .size(announced: size) }
            switch kind {
            case UInt8(ascii: "@"): target += base[try reader.copied(Int(count), base)]
            case UInt8(ascii: ":"): target += try reader.literal(Int(count))
            default: throw .segment(offset: reader.offset &- 1)
            }
        }
    }
}

/// Reads the parts of a patch.
private struct PatchReader {
    private let patch: [UInt8]
    private(set) var offset = 0

    init(_ patch: [UInt8]) { self.patch = patch }

    mutating func byte() throws(DeltaError) -> UInt8 {
        guard offset < patch.count else { throw .truncated }
        defer { offset &+= 1 }
        return patch[offset]
    }

    mutating func number() throws(DeltaError) -> UInt32 {
        let start = offset
        var value: UInt32 = 0
        while offset < patch.count, let digit = FossilDigits.value(patch[offset]) {
            guard value &>> 26 == 0 else { throw .number(offset: start) }
            value = value &<< 6 | digit
            offset &+= 1
        }
        guard offset < patch.count else { throw .truncated }
        guard offset > start else { throw .number(offset: start) }
        return value
    }

    /// The rest of `COUNT@OFFSET,`: the range of the base.
    mutating func copied(_ count: Int, _ base: [UInt8]) throws(DeltaError) -> Range<Int> {
        let start = Int(try number())
        guard try byte() == UInt8(ascii: ",") else { throw .segment(offset: offset &- 1) }
        guard start <= base.count, count <= base.count &- start else { throw .copyOutOfBase(offset: start) }
        return start..<(start &+ count)
    }

    mutating func literal(_ count: Int) throws(DeltaError) -> ArraySlice<UInt8> {
        guard count <= patch.count &- offset else { throw .truncated }
        defer { offset &+= count }
        return patch[offset..<(offset &+ count)]
    }

    func end() throws(DeltaError) {
        guard offset == patch.count else { throw .trailing(offset: offset) }
    }
}
