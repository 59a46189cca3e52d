import BelfryHub
import BelfryProtocol
import Testing

@Suite("Tags filters (protocol.md 20)")
struct TagsFilterTests {
    private static func leaf(_ key: String, _ cmp: String, _ val: String = "", _ vals: [String] = [])
        -> FilterNode
    {
        var node = FilterNode()
        (node.key, node.cmp, node.val, node.vals) = (key, cmp, val, vals)
        return node
    }

    private static func node(_ op: String, _ nodes: [FilterNode]) -> FilterNode {
        var node = FilterNode()
        (node.op, node.nodes) = (op, nodes)
        return node
    }

    private func matches(_ node: FilterNode, _ tags: [String: String]) throws -> Bool {
        try TagsFilter(node).matches(tags.map { Tag($0.key, $0.value) })
    }

    private func refusal(_ node: FilterNode) -> TagsFilterError? {
        do throws(TagsFilterError) {
            _ = try TagsFilter(node)
            return nil
        } catch {
            return error
        }
    }

    /// A comparison, its operand, and what it says of a missing tag and of the values behind.
    @Test(
        "each comparison of texts, for a missing tag too",
        arguments: [
            ("eq", "ab", nil, false), ("eq", "ab", "ab", true), ("eq", "ab", "abc", false),
            ("eq", "ab", "", false),
            ("neq", "ab", nil, true), ("neq", "ab", "ab", false), ("neq", "ab", "a", true),
            ("sw", "ab", nil, false), ("sw", "ab", "abc", true), ("sw", "ab", "ab", true),
            ("sw", "ab", "a", false),
            ("sw", "ab", "xab", false), ("ew", "ab", nil, false), ("ew", "ab", "xab", true),
            ("ew", "ab", "ab", true), ("ew", "ab", "b", false), ("ew", "ab", "abx", false),
            ("ct", "ab", nil, false), ("ct", "ab", "xabx", true), ("ct", "ab", "aab", true),
            ("ct", "ab", "axb", false), ("ct", "ab", "", false), ("ex", "", nil, false), ("ex", "", "", true),
            ("ex", "", "x", true), ("nex", "", nil, true), ("nex", "", "", false),
        ] as [(String, String, String?, Bool)])
    func texts(cmp: String, operand: String, value: String?, expected: Bool) throws {
        let tags = value.map { ["key": $0, "other": "ab"] } ?? ["other": "ab"]
        #expect(try matches(Self.leaf("key", cmp, operand), tags) == expected)
    }

    @Test(
        "in and nin take a missing tag for an empty one",
        arguments: [
            (["a", "b"], "b", true), (["a", "b"], "c", false), (["a", "b"], nil, false),
            (["a", ""], nil, true),
            (["a", ""], "", true), ([""], "a", false),
        ] as [([String], String?, Bool)])
    func lists(values: [String], value: String?, expected: Bool) throws {
        let tags = value.map { ["key": $0] } ?? [:]
        #expect(try matches(Self.leaf("key", "in", "", values), tags) == expected)
        #expect(try matches(Self.leaf("key", "nin", "", values), tags) == !expected)
    }

    @Test(
        "numbers are compared exactly, as decimals",
        arguments: [
            ("1", "2", -1), ("2", "10", -1), ("-2", "-10", 1), ("-1", "1", -1), ("0", "-0", 0),
            ("0.0", "-0.00", 0),
            ("1.50", "1.5", 0), ("+7", "007", 0), ("1.05", "1.5", -1), ("0.1", "0.09999", 1),
            ("10", "9.999", 1),
            ("9007199254740993", "9007199254740992", 1), ("-0.3", "-0.30000000000000001", 1),
            ("123456789012345678901234567890.1", "123456789012345678901234567890.2", -1),
        ])
    func numbers(left: String, right: String, order: Int) throws {
        for (value, operand, order) in [(left, right, order), (right, left, -order)] {
            let tags = ["key": value]
            #expect(try matches(Self.leaf("key", "gt", operand), tags) == (order > 0))
            #expect(try matches(Self.leaf("key", "gte", operand), tags) == (order >= 0))
            #expect(try matches(Self.leaf("key", "lt", operand), tags) == (order < 0))
            #expect(try matches(Self.leaf("key", "lte", operand), tags) == (order <= 0))
        }
    }

    @Test(
        "what is no number is neither above nor below",
        arguments: [
            "", "-", "+", ".", "1.", ".5", "1e3", "1 ", " 1", "1,5", "0x1", "NaN", "inf", "--1", "1.2.3", "١",
        ])
    func noNumbers(text: String) throws {
        for cmp in ["gt", "gte", "lt", "lte"] {
            #expect(try !matches(Self.leaf("key", cmp, "1"), ["key": text]))
            #expect(try !matches(Self.leaf("key", cmp, "1"), [:]))
            if !text.isEmpty { #expect(try !matches(Self.leaf("key", cmp, text), ["key": "1"])) }
        }
    }

    @Test func `texts are bytes: two spellings of one letter differ`() throws {
        #expect(try !matches(Self.leaf("key", "eq", "\u{E9}"), ["key": "e\u{301}"]))
        #expect(try matches(Self.leaf("key", "sw", "e"), ["key": "e\u{301}"]))
        #expect(try !matches(Self.leaf("\u{E9}", "ex"), ["e\u{301}": ""]))
    }

    @Test func `of two tags with one key the later counts`() throws {
        let filter = try TagsFilter(Self.leaf("key", "eq", "b"))
        #expect(filter.matches([Tag("key", "a"), Tag("key", "b")]))
        #expect(!filter.matches([Tag("key", "b"), Tag("key", "a")]))
    }

    @Test func `and, or and not are what they are called`() throws {
        let (yes, no) = (Self.leaf("key", "nex"), Self.leaf("key", "ex"))
        for (op, nodes, expected) in [
            ("and", [yes], true), ("and", [no], false), ("and", [yes, yes, no], false),
            ("and", [yes, yes], true),
            ("or", [no, no], false), ("or", [no, yes], true), ("or", [yes, no], true), ("not", [yes], false),
            ("not", [no], true),
        ] as [(String, [FilterNode], Bool)] {
            #expect(try matches(Self.node(op, nodes), [:]) == expected)
            let inner = Self.node(op, nodes)
            #expect(try matches(Self.node("and", [yes, inner, yes]), [:]) == expected)
            #expect(try matches(Self.node("or", [no, Self.node("not", [inner]), no]), [:]) == !expected)
        }
    }

    @Test(
        "a filter that makes no sense is refused",
        arguments: [
            (FilterNode(), .unknownComparison), (leaf("k", "EQ", "v"), .unknownComparison),
            (leaf("", "eq", "v"), .keyMissing), (leaf("k", "eq"), .operands(.equal)),
            (leaf("k", "gt"), .operands(.greater)), (leaf("k", "eq", "v", ["v"]), .operands(.equal)),
            (leaf("k", "ct", "", ["v"]), .operands(.contains)), (leaf("k", "in"), .operands(.isIn)),
            (leaf("k", "nin", "v", ["v"]), .operands(.notIn)), (leaf("k", "ex", "v"), .operands(.exists)),
            (leaf("k", "nex", "", ["v"]), .operands(.notExists)), (node("and", []), .childCount(0)),
            (node("or", []), .childCount(0)), (node("not", []), .childCount(0)),
            (node("not", [leaf("k", "ex"), leaf("k", "ex")]), .childCount(2)),
            (node("xor", [leaf("k", "ex")]), .unknownOperator),
            (node("AND", [leaf("k", "ex")]), .unknownOperator),
            (node("and", [leaf("k", "ex"), leaf("k", "no", "v")]), .unknownComparison),
        ] as [(FilterNode, TagsFilterError)])
    func refusals(node: FilterNode, error: TagsFilterError) {
        #expect(refusal(node) == error)
        #expect(error.errorCode == .badRequest)
    }

    @Test func `operators and comparisons do not mix in one node`() {
        var mixed = Self.leaf("k", "ex")
        mixed.nodes = [Self.leaf("k", "ex")]
        #expect(refusal(mixed) == .childCount(1))
        mixed.op = "and"
        #expect(refusal(mixed) == .comparisonInOperator)
    }

    @Test func `depth, nodes, values and lengths are bounded`() {
        var deep = Self.leaf("k", "ex")
        for _ in 1..<ProtocolLimits.filterDepth { deep = Self.node("not", [deep]) }
        #expect(refusal(deep) == nil)
        #expect(refusal(Self.node("not", [deep])) == .tooDeep(limit: ProtocolLimits.filterDepth))

        let nodes = [FilterNode](repeating: Self.leaf("k", "ex"), count: ProtocolLimits.filterNodes)
        #expect(refusal(Self.node("or", Array(nodes.dropLast()))) == nil)
        #expect(refusal(Self.node("or", nodes)) == .tooManyNodes(limit: ProtocolLimits.filterNodes))

        let values = [String](repeating: "v", count: ProtocolLimits.filterValues)
        let list = Self.leaf("k", "in", "", values)
        #expect(refusal(list) == nil)
        let tooMany = TagsFilterError.tooManyValues(limit: ProtocolLimits.filterValues)
        #expect(refusal(Self.leaf("k", "in", "", values + ["v"])) == tooMany)
        #expect(refusal(Self.node("and", [list, Self.leaf("k", "eq", "v")])) == tooMany)

        let exact = String(repeating: "x", count: TagsFilter.textBytesMax)
        let tooLong = TagsFilterError.textTooLong(byteCount: 256, limit: 255)
        #expect(refusal(Self.leaf(exact, "eq", exact)) == nil)
        #expect(refusal(Self.leaf(exact + "x", "ex")) == tooLong)
        #expect(refusal(Self.leaf("k", "eq", exact + "x")) == tooLong)
        #expect(refusal(Self.leaf("k", "in", "", ["v", exact + "x"])) == tooLong)
    }

    /// The rules written a second time, over a dictionary and without a thought for speed.
    private func expected(_ node: FilterNode, _ tags: [String: String]) -> Bool {
        let value = tags[node.key]
        switch (node.op, node.cmp) {
        case ("and", _): return node.nodes.allSatisfy { expected($0, tags) }
        case ("or", _): return node.nodes.contains { expected($0, tags) }
        case ("not", _): return !expected(node.nodes[0], tags)
        case (_, "eq"): return value == node.val
        case (_, "neq"): return value != node.val
        case (_, "in"): return node.vals.contains(value ?? "")
        case (_, "nin"): return !node.vals.contains(value ?? "")
        case (_, "ex"): return value != nil
        case (_, "nex"): return value == nil
        case (_, "sw"): return value?.hasPrefix(node.val) ?? false
        case (_, "ew"): return value?.hasSuffix(node.val) ?? false
        case (_, "ct"): return value?.contains(node.val) ?? false
        default: break
        }
        guard let left = value.flatMap(Int.init), let right = Int(node.val) else { return false }
        switch node.cmp {
        case "gt": return left > right
        case "gte": return left >= right
        case "lt": return left < right
        default: return left <= right
        }
    }

    @Test("2,000 random filters say what the rules say", arguments: [1, 2, 3, 4] as [UInt64])
    func random(seed: UInt64) throws {
        var generator = FilterGenerator(state: seed)
        for _ in 0..<500 {
            let node = generator.node(depth: 1)
            let tags = generator.tags()
            guard let filter = try? TagsFilter(node) else { continue }
            let list = tags.map { Tag($0.key, $0.value) }
            #expect(filter.matches(list) == expected(node, tags), "seed \(seed): \(node) \(tags)")
        }
    }
}

/// Random filters and tags, over few words so that they meet.
private struct FilterGenerator {
    var state: UInt64

    private mutating func below(_ bound: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % bound
    }

    private mutating func word() -> String { ["a", "ab", "b", "ba", "7", "-3", "10"][Int(below(7))] }

    private mutating func key() -> String { ["x", "y", "z"][Int(below(3))] }

    mutating func tags() -> [String: String] {
        var tags: [String: String] = [:]
        for _ in 0..<below(4) { tags[key()] = word() }
        return tags
    }

    mutating func node(depth: Int) -> FilterNode {
        var node = FilterNode()
        if depth < 4, below(2) == 0 {
            node.op = ["and", "or", "not"][Int(below(3))]
            let count = node.op == "not" ? 1 : 1 + below(3)
            node.nodes = (0..<count).map { _ in self.node(depth: depth + 1) }
            return node
        }
        let comparison = TagComparison.allCases[Int(below(UInt64(TagComparison.allCases.count)))]
        (node.key, node.cmp) = (key(), comparison.rawValue)
        switch comparison {
        case .exists, .notExists: break
        case .isIn, .notIn: node.vals = (0..<(1 + below(3))).map { _ in word() }
        default: node.val = word()
        }
        return node
    }
}
