/// The objects and arrays that surround a position: one bit each, so that nesting costs no memory.
struct OpenContainers {
    enum Kind {
        case object, array

        var openingByte: UInt8 {
            switch self {
            case .object: ASCII.openBrace
            case .array: ASCII.openBracket
            }
        }

        var closingByte: UInt8 {
            switch self {
            case .object: ASCII.closeBrace
            case .array: ASCII.closeBracket
            }
        }
    }

    /// As many as a word has bits.
    static let capacity = UInt64.bitWidth

    private(set) var depth = 0
    private let limit: Int
    /// The lowest bit is the innermost container; 1 stands for an object.
    private var kinds: UInt64 = 0

    init(limit: Int) { self.limit = min(limit, Self.capacity) }

    var innermost: Kind { kinds & 1 == 1 ? .object : .array }

    mutating func push(_ kind: Kind) throws(JSONError) {
        guard depth < limit else { throw .nestedTooDeep(limit: limit) }
        depth &+= 1
        kinds = kinds << 1 | (kind == .object ? 1 : 0)
    }

    mutating func pop() {
        depth &-= 1
        kinds >>= 1
    }
}
