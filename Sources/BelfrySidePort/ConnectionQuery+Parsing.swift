import Foundation

extension ConnectionQuery {
    /// Why a query string was refused.
    ///
    /// Says what is allowed, never what was sent.
    enum Fault: Error, Equatable {
        case unknownParameter
        case repeatedParameter
        case notPercentEncoded
        case badValue(Parameter)
    }

    enum Parameter: String, CaseIterable {
        case sort, limit, offset, state, subject, source, room
    }

    /// The longest value taken: a channel name, percent-encoded.
    static let valueLengthMax = 3 * 255

    /// Reads what stands behind the question mark.
    init(parsing text: Substring) throws(Fault) {
        self.init()
        var seen: Set<Parameter> = []
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let parameter = Parameter(rawValue: String(parts[0])) else { throw .unknownParameter }
            guard seen.insert(parameter).inserted else { throw .repeatedParameter }
            guard parts.count == 2, !parts[1].isEmpty, parts[1].utf8.count <= Self.valueLengthMax else {
                throw .badValue(parameter)
            }
            guard let value = parts[1].removingPercentEncoding else { throw .notPercentEncoded }
            try take(value, for: parameter)
        }
    }

    private mutating func take(_ value: String, for parameter: Parameter) throws(Fault) {
        switch parameter {
        case .sort:
            isDescending = value.hasPrefix("-")
            guard let order = Order(rawValue: String(value.drop { $0 == "-" })) else {
                throw .badValue(.sort)
            }
            self.order = order
        case .limit: limit = try Self.number(value, in: Self.limits, for: .limit)
        case .offset: offset = try Self.number(value, in: Self.offsets, for: .offset)
        case .state:
            guard let state = ConnectionRecord.State(rawValue: value) else { throw .badValue(.state) }
            self.state = state
        case .subject: subject = value
        case .source: source = value
        case .room: room = value
        }
    }

    private static func number(
        _ text: String, in range: ClosedRange<Int>, for parameter: Parameter
    ) throws(Fault) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
            range.contains(number)
        else { throw .badValue(parameter) }
        return number
    }
}

extension ConnectionQuery.Fault {
    var message: String {
        switch self {
        case .unknownParameter:
            "unknown parameter; known are "
                + ConnectionQuery.Parameter.allCases.map(\.rawValue).joined(separator: ", ")
        case .repeatedParameter: "a parameter may stand once"
        case .notPercentEncoded: "a value is not percent-encoded UTF-8"
        case .badValue(.sort):
            "sort is one of " + ConnectionQuery.Order.allCases.map(\.rawValue).joined(separator: ", ")
                + "; with - before it, descending"
        case .badValue(.limit): "limit is 1 to 1000"
        case .badValue(.offset): "offset is 0 to 1000000"
        case .badValue(.state): "state is open or closed"
        case .badValue(let parameter): "\(parameter.rawValue) is empty or too long"
        }
    }
}
