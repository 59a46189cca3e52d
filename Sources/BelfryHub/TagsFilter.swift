package import BelfryProtocol

// Which publications a subscriber wants, by their tags (protocol.md 20).
//
// Checked once when a client subscribes, then evaluated for every publication and every member with a filter, so:
// (1) Depth, nodes, values and lengths are bounded here, whatever the wire's decoder let through. (2) Evaluating
// allocates nothing and cannot fail. (3) Strings are compared byte by byte: Swift's own `==` would call two spellings
// of an `é` equal, and no other server of this protocol does.

/// A tags filter that has been checked.
package struct TagsFilter: Equatable, Sendable {
    /// Bytes of a key or a value: tags are short words, and each is compared for every publication.
    package static let textBytesMax = 255

    /// In the order of the tree, each node before its children.
    private var nodes: [Node] = []

    private struct Node: Equatable, Sendable {
        var test: Test
        /// The index behind the node's last descendant.
        var end = 0
    }

    private enum Test: Equatable, Sendable {
        case all, any, not
        case tag(key: [UInt8], TagComparison, values: [[UInt8]])
    }

    /// Checks a filter as it was sent.
    ///
    /// - Throws: The first thing wrong; the subscribe is answered with ``TagsFilterError/errorCode``.
    package init(_ root: FilterNode) throws(TagsFilterError) {
        var valuesLeft = ProtocolLimits.filterValues
        try add(root, depth: 1, &valuesLeft)
    }

    /// Whether a publication with these tags is wanted; of two tags with one key the later counts.
    package func matches(_ tags: [Tag]) -> Bool { matches(tags, at: 0) }

    private mutating func add(
        _ node: FilterNode, depth: Int, _ valuesLeft: inout Int
    ) throws(TagsFilterError) {
        guard depth <= ProtocolLimits.filterDepth else { throw .tooDeep(limit: ProtocolLimits.filterDepth) }
        guard nodes.count < ProtocolLimits.filterNodes else {
            throw .tooManyNodes(limit: ProtocolLimits.filterNodes)
        }
        let index = nodes.count
        nodes.append(Node(test: try Self.test(node, &valuesLeft)))
        for child in node.nodes { try add(child, depth: depth &+ 1, &valuesLeft) }
        nodes[index].end = nodes.count
    }

    private static func test(_ node: FilterNode, _ valuesLeft: inout Int) throws(TagsFilterError) -> Test {
        if node.op.isEmpty { return try leaf(node, &valuesLeft) }
        guard node.key.isEmpty, node.cmp.isEmpty, node.val.isEmpty, node.vals.isEmpty else {
            throw .comparisonInOperator
        }
        switch node.op {
        case "and", "or":
            guard !node.nodes.isEmpty else { throw .childCount(0) }
            return node.op == "and" ? .all : .any
        case "not":
            guard node.nodes.count == 1 else { throw .childCount(node.nodes.count) }
            return .not
        default: throw .unknownOperator
        }
    }

    private static func leaf(_ node: FilterNode, _ valuesLeft: inout Int) throws(TagsFilterError) -> Test {
        guard node.nodes.isEmpty else { throw .childCount(node.nodes.count) }
        guard let comparison = TagComparison(rawValue: node.cmp) else { throw .unknownComparison }
        guard !node.key.isEmpty else { throw .keyMissing }
        switch comparison.operands {
        case .none: guard node.val.isEmpty, node.vals.isEmpty else { throw .operands(comparison) }
        case .one: guard !node.val.isEmpty, node.vals.isEmpty else { throw .operands(comparison) }
        case .list: guard node.val.isEmpty, !node.vals.isEmpty else { throw .operands(comparison) }
        }
        let values = comparison.operands == .one ? [node.val] : node.vals
        guard values.count <= valuesLeft else { throw .tooManyValues(limit: ProtocolLimits.filterValues) }
        valuesLeft &-= values.count
        for text in [node.key] + values where text.utf8.count > textBytesMax {
            throw .textTooLong(byteCount: text.utf8.count, limit: textBytesMax)
        }
        return .tag(key: Array(node.key.utf8), comparison, values: values.map { Array($0.utf8) })
    }

    // The depth of this recursion is that of the tree, which was checked.
    private func matches(_ tags: [Tag], at index: Int) -> Bool {
        switch nodes[index].test {
        case .tag(let key, let comparison, let values):
            let tag = tags.last { $0.key.utf8Span.span.isEqual(to: key.span) }
            return comparison.holds(tag?.value, values)
        case .not: return !matches(tags, at: index &+ 1)
        case .all: return !hasChild(of: index, tags, matching: false)
        case .any: return hasChild(of: index, tags, matching: true)
        }
    }

    private func hasChild(of index: Int, _ tags: [Tag], matching wanted: Bool) -> Bool {
        var child = index &+ 1
        while child < nodes[index].end {
            if matches(tags, at: child) == wanted { return true }
            child = nodes[child].end
        }
        return false
    }
}

/// What is wrong with a tags filter.
package enum TagsFilterError: Error, Equatable, Sendable {
    /// The channel does not have `allow_tags_filter`.
    case notAllowed
    case combinedWithDelta
    case tooDeep(limit: Int)
    case tooManyNodes(limit: Int)
    /// Over all lists of the filter.
    case tooManyValues(limit: Int)
    /// A key or a value.
    case textTooLong(byteCount: Int, limit: Int)
    case unknownOperator
    case unknownComparison
    case keyMissing
    /// `val` or `vals` is missing, or stands where it means nothing.
    case operands(TagComparison)
    /// `and` and `or` need children, `not` needs one, a comparison has none.
    case childCount(Int)
    /// An operator with a key, a comparison or values of its own.
    case comparisonInOperator

    package var errorCode: ErrorCode { .badRequest }
}
