import Foundation

/// Whom an operator wants to follow, and how.
package struct TapRequest: Equatable, Sendable {
    package enum Subject: Hashable, Sendable {
        /// By the id that tokens name.
        case user(String)
        case channel(String)
    }

    package var subject: Subject
    /// The contents of messages are shown too.
    package var showsBodies = false
    package var duration = TapRequest.usualDuration

    package static let usualDuration = Duration.seconds(600)
    /// Longer, and it is forgotten in some window.
    static let seconds: ClosedRange<Int64> = 1...3_600

    package init(_ subject: Subject) { self.subject = subject }
}

extension TapRequest {
    /// Why a query string was refused: says what is allowed, never what was sent.
    enum Fault: Error, Equatable {
        case unknownParameter
        case repeatedParameter
        case notPercentEncoded
        /// Neither user nor channel, or both.
        case subject
        case badValue(Parameter)
    }

    enum Parameter: String, CaseIterable {
        case user, channel, bodies
        case time = "for"
    }

    /// Reads what stands behind the question mark.
    init(parsing text: Substring) throws(Fault) {
        var values: [Parameter: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let parameter = Parameter(rawValue: String(parts[0])) else { throw .unknownParameter }
            guard values[parameter] == nil else { throw .repeatedParameter }
            guard parts.count == 2, !parts[1].isEmpty, parts[1].utf8.count <= ConnectionQuery.valueLengthMax
            else { throw .badValue(parameter) }
            guard let value = parts[1].removingPercentEncoding else { throw .notPercentEncoded }
            values[parameter] = value
        }
        self.init(try Self.subject(values))
        if let bodies = values[.bodies] {
            guard ["yes", "no"].contains(bodies) else { throw .badValue(.bodies) }
            showsBodies = bodies == "yes"
        }
        if let time = values[.time] {
            guard let duration = Self.duration(time) else { throw .badValue(.time) }
            self.duration = duration
        }
    }

    private static func subject(_ values: [Parameter: String]) throws(Fault) -> Subject {
        switch (values[.user], values[.channel]) {
        case (let user?, nil): .user(user)
        case (nil, let channel?): .channel(channel)
        default: throw .subject
        }
    }

    /// Reads `90`, `90s`, `10m` or `1h`, 1 s to 1 h.
    package static func duration(_ text: String) -> Duration? {
        let factors: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600]
        let unit = text.last.flatMap { factors[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard (1...4).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(digits), seconds.contains(number &* (unit ?? 1))
        else { return nil }
        return .seconds(number &* (unit ?? 1))
    }
}

extension TapRequest.Fault {
    var message: String {
        switch self {
        case .unknownParameter:
            "unknown parameter; known are "
                + TapRequest.Parameter.allCases.map(\.rawValue).joined(separator: ", ")
        case .repeatedParameter: "a parameter may stand once"
        case .notPercentEncoded: "a value is not percent-encoded UTF-8"
        case .subject: "either user or channel is needed"
        case .badValue(.bodies): "bodies is yes or no"
        case .badValue(.time): "for is 1s to 1h, as 90s, 10m or 1h"
        case .badValue(let parameter): "\(parameter.rawValue) is empty or too long"
        }
    }
}
