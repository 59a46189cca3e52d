/// Places of a pattern; as many as four machine words hold.
package struct PlaceSet: Equatable, Sendable {
    static let capacity = 256

    private var words = SIMD4<UInt64>()

    init() {}

    var isEmpty: Bool { words == SIMD4() }

    mutating func insert(_ place: Int) { words[place >> 6] |= 1 << UInt64(place & 63) }

    func union(_ other: Self) -> Self { Self(words | other.words) }
    func intersection(_ other: Self) -> Self { Self(words & other.words) }

    private init(_ words: SIMD4<UInt64>) { self.words = words }

    func forEach(_ body: (Int) -> Void) {
        for index in 0..<4 {
            var word = words[index]
            while word != 0 {
                body(index << 6 + word.trailingZeroBitCount)
                word &= word &- 1
            }
        }
    }
}

/// Bytes that a place of a pattern takes: ASCII only, as are channel names.
struct ByteSet: Equatable, Sendable {
    private var words = SIMD2<UInt64>()

    init() {}

    init(_ range: ClosedRange<UInt8>) { insert(range) }

    var isEmpty: Bool { words == SIMD2() }
    var inverted: Self {
        var set = self
        set.words = ~words
        return set
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range where byte < 128 { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
    }

    mutating func formUnion(_ other: Self) { words |= other.words }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }
}

/// What a pattern says, before it has places.
indirect enum PatternSyntax {
    case bytes(ByteSet)
    case sequence([PatternSyntax])
    case choice([PatternSyntax])
    /// `nil`: without end.
    case repeated(PatternSyntax, atLeast: Int, atMost: Int?)
}

/// A Glushkov automaton: which places may follow which, and what each takes.
struct PlaceAutomaton: Equatable, Sendable {
    /// A part of the pattern: where it may begin and end, and whether nothing at all is a match of it.
    private struct Part {
        var first = PlaceSet()
        var last = PlaceSet()
        var isOptional = true
    }

    private var followers: [PlaceSet] = []
    /// For each byte the places that take it.
    private var takers = Array(repeating: PlaceSet(), count: 128)
    private var first = PlaceSet()
    private var last = PlaceSet()
    private(set) var matchesNothing = true

    init(_ root: PatternSyntax) throws(ChannelPatternError) {
        let part = try add(root)
        (first, last, matchesNothing) = (part.first, part.last, part.isOptional)
    }

    /// The places reached over `byte`.
    func step(_ places: PlaceSet, mayBegin: Bool, _ byte: UInt8) -> PlaceSet {
        guard byte < 128 else { return PlaceSet() }
        var reached = mayBegin ? first : PlaceSet()
        places.forEach { reached = reached.union(followers[$0]) }
        return reached.intersection(takers[Int(byte)])
    }

    func isAtEnd(_ places: PlaceSet) -> Bool { !places.intersection(last).isEmpty }

    private mutating func add(_ syntax: PatternSyntax) throws(ChannelPatternError) -> Part {
        switch syntax {
        case .bytes(let bytes): return try addPlace(bytes)
        case .sequence(let parts):
            var whole = Part()
            for part in parts { whole = link(whole, try add(part)) }
            return whole
        case .choice(let parts):
            var whole = Part(isOptional: false)
            for part in parts {
                let part = try add(part)
                whole.first = whole.first.union(part.first)
                whole.last = whole.last.union(part.last)
                whole.isOptional = whole.isOptional || part.isOptional
            }
            return whole
        case .repeated(let part, let atLeast, let atMost):
            return try addRepetition(of: part, atLeast, atMost)
        }
    }

    private mutating func addPlace(_ bytes: ByteSet) throws(ChannelPatternError) -> Part {
        guard followers.count < PlaceSet.capacity else {
            throw ChannelPatternError(reason: .tooLarge, column: 1)
        }
        var place = PlaceSet()
        place.insert(followers.count)
        for byte in UInt8(0)..<128 where bytes.contains(byte) { takers[Int(byte)].insert(followers.count) }
        followers.append(PlaceSet())
        return Part(first: place, last: place, isOptional: false)
    }

    /// `x{2,4}` as `xxx?x?`, and `x{2,}` as `xxx*`.
    private mutating func addRepetition(
        of syntax: PatternSyntax, _ atLeast: Int, _ atMost: Int?
    ) throws(ChannelPatternError) -> Part {
        var whole = Part()
        for round in 0..<(atMost ?? max(atLeast, 1)) {
            var part = try add(syntax)
            // Repeated as often as you like, what has no places stays nothing.
            if part.first.isEmpty { return Part() }
            if round >= atLeast { part.isOptional = true }
            whole = link(whole, part)
            if atMost == nil, round == max(atLeast, 1) - 1 { connect(part.last, to: part.first) }
        }
        return whole
    }

    private mutating func link(_ left: Part, _ right: Part) -> Part {
        connect(left.last, to: right.first)
        return Part(
            first: left.isOptional ? left.first.union(right.first) : left.first,
            last: right.isOptional ? left.last.union(right.last) : right.last,
            isOptional: left.isOptional && right.isOptional)
    }

    private mutating func connect(_ ends: PlaceSet, to starts: PlaceSet) {
        var places: [Int] = []
        ends.forEach { places.append($0) }
        for place in places { followers[place] = followers[place].union(starts) }
    }
}
