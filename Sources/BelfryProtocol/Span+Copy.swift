extension Span<UInt8> {
    func copy(_ range: Range<Int>) -> [UInt8] { copy(range) { _ in true } }

    /// Copies the bytes of `range` that satisfy `isKept`: one allocation.
    @inline(__always)
    func copy(_ range: Range<Int>, where isKept: (UInt8) -> Bool) -> [UInt8] {
        let source = extracting(range)
        return [UInt8](capacity: source.count) { output in
            for index in source.indices where isKept(source[index]) { output.append(source[index]) }
        }
    }
}
