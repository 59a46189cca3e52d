/// How a leaf of a tags filter compares (protocol.md 20, `cmp`).
package enum TagComparison: String, CaseIterable, Sendable {
    case equal = "eq"
    case notEqual = "neq"
    case isIn = "in"
    case notIn = "nin"
    case exists = "ex"
    case notExists = "nex"
    case startsWith = "sw"
    case endsWith = "ew"
    case contains = "ct"
    case greater = "gt"
    case greaterOrEqual = "gte"
    case less = "lt"
    case lessOrEqual = "lte"

    enum Operands { case none, one, list }

    var operands: Operands {
        switch self {
        case .exists, .notExists: .none
        case .isIn, .notIn: .list
        default: .one
        }
    }

    /// Whether the comparison holds for a tag's value.
    ///
    /// - Parameters:
    ///   - value: `nil` when the publication has no such tag.
    ///   - operands: As many as ``operands`` says.
    /// - Returns: Always `false` for a number compared with what is none.
    func holds(_ value: String?, _ operands: [[UInt8]]) -> Bool {
        switch self {
        case .exists: return value != nil
        case .notExists: return value == nil
        // A missing tag compares as the empty string here, and only here.
        case .isIn: return Self.isListed(value ?? "", operands)
        case .notIn: return !Self.isListed(value ?? "", operands)
        default: break
        }
        guard let value, let operand = operands.first else { return self == .notEqual }
        return holds(value.utf8Span.span, operand.span)
    }

    private func holds(_ value: Span<UInt8>, _ operand: Span<UInt8>) -> Bool {
        switch self {
        case .equal: value.isEqual(to: operand)
        case .notEqual: !value.isEqual(to: operand)
        case .startsWith: value.extracting(first: operand.count).isEqual(to: operand)
        case .endsWith: value.extracting(last: operand.count).isEqual(to: operand)
        case .contains: value.contains(operand)
        case .greater: Self.order(value, operand).map { $0 > 0 } ?? false
        case .greaterOrEqual: Self.order(value, operand).map { $0 >= 0 } ?? false
        case .less: Self.order(value, operand).map { $0 < 0 } ?? false
        case .lessOrEqual: Self.order(value, operand).map { $0 <= 0 } ?? false
        case .isIn, .notIn, .exists, .notExists: false
        }
    }

    private static func isListed(_ value: String, _ list: [[UInt8]]) -> Bool {
        let value = value.utf8Span.span
        return list.contains { value.isEqual(to: $0.span) }
    }

    /// `nil` unless both are decimal numbers.
    private static func order(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int? {
        guard let leftNumber = DecimalText(left), let rightNumber = DecimalText(right) else { return nil }
        return leftNumber.order(left, rightNumber, right)
    }
}

extension Span<UInt8> {
    func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    /// Looks at every place: the product of the lengths is small, since ``TagsFilter/textBytesMax`` bounds one of them.
    func contains(_ other: Span<UInt8>) -> Bool {
        guard count >= other.count else { return false }
        for start in 0...(count &- other.count)
        where extracting(start..<(start &+ other.count)).isEqual(to: other) { return true }
        return false
    }
}
