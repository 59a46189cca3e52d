import BelfryBytes
import BelfryLimits
import Foundation

/// How a single value is written, and what it may be: the unit and range of a key.
struct ConfigurationFormat<Value: Sendable>: Sendable {
    /// Ends the sentence "expected …".
    let expects: String
    /// Whether error messages may quote what they found.
    var isSecret = false
    /// Whether the value must not be quoted in YAML: numbers and switches.
    var mustBePlain = false
    /// Words of later releases, which deserve a better answer than "unknown".
    var unavailable: Set<String> = []
    /// `nil` for what does not fit; throws for files that cannot be used.
    let parse: @Sendable (String, ConfigurationFiles) throws(ConfigurationProblem) -> Value?

    func read(_ node: ConfigurationNode, files: ConfigurationFiles) throws(ConfigurationProblem) -> Value {
        if case .scalar(let text, let isQuoted) = node.content, !(isQuoted && mustBePlain) {
            if unavailable.contains(text) { throw .unavailable("\"\(text)\"") }
            if let value = try parse(text, files) { return value }
        }
        throw .expected(expects, found: isSecret ? node.kindText : node.foundText)
    }
}

extension ConfigurationFormat<Bool> {
    static var flag: Self {
        Self(expects: "true or false", mustBePlain: true) { text, _ in
            switch text {
            case "true": true
            case "false": false
            default: nil
            }
        }
    }
}

extension ConfigurationFormat<Int> {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        Self(expects: "a whole number from \(range.lowerBound) to \(range.upperBound)", mustBePlain: true) {
            text, _ in
            guard text.utf8.allSatisfy({ $0.isDigit }), let value = Int(text) else { return nil }
            return range.contains(value) ? value : nil
        }
    }

    /// Bytes, with their unit: `64KiB`, `10MB`.
    static func size(_ smallest: String, _ largest: String) -> Self {
        let bounds = (byteCount(smallest) ?? 0)...(byteCount(largest) ?? .max)
        return Self(expects: "a size with unit (B, KB, KiB, MB, MiB, GB, GiB) from \(smallest) to \(largest)")
        {
            text, _ in
            byteCount(text).flatMap { bounds.contains($0) ? $0 : nil }
        }
    }
}

extension ConfigurationFormat<Duration> {
    /// A time with its unit, one number: `500ms`, `25s`, `10m`, `12h`, `7d`.
    static func duration(_ shortest: Duration, _ longest: Duration) -> Self {
        let expects = "a duration with unit (ms, s, m, h, d) from \(shortest.short) to \(longest.short)"
        return Self(expects: expects) { text, _ in
            guard let milliseconds = scaled(text, by: durationUnits) else { return nil }
            let value = Duration.milliseconds(milliseconds)
            return (shortest...longest).contains(value) ? value : nil
        }
    }
}

extension ConfigurationFormat<Duration> {
    /// The same for what is told to clients or compared with tokens, both of which count in seconds.
    static func wholeSeconds(_ shortest: Duration, _ longest: Duration) -> Self {
        let expects = "a duration in whole seconds (s, m, h, d) from \(shortest.short) to \(longest.short)"
        return Self(expects: expects) { text, files throws(ConfigurationProblem) in
            text.hasSuffix("ms") ? nil : try duration(shortest, longest).parse(text, files)
        }
    }
}

extension ConfigurationFormat<Rate?> {
    /// `20/s`, `600/m`, `100/h`, or `off`.
    static var rate: Self {
        let range = Rate.countRange
        return Self(
            expects: "a rate from \(range.lowerBound) to \(range.upperBound) per s, m or h, as 20/s, or off"
        ) {
            text, _ in
            if text == "off" { return .some(nil) }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].utf8.allSatisfy({ $0.isDigit }), let count = Int(parts[0]),
                range.contains(count), let period = Rate.Period(rawValue: String(parts[1]))
            else { return nil }
            return Rate(count, per: period)
        }
    }
}

extension ConfigurationFormat where Value: RawRepresentable<String> & CaseIterable {
    static func choice(unavailable: Set<String> = []) -> Self {
        let words = Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        return Self(expects: "one of \(words)", unavailable: unavailable) { text, _ in Value(rawValue: text) }
    }
}

extension UInt8 {
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}

private let durationUnits: [String: Int64] = [
    "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
]

private let sizeUnits: [String: Int64] = [
    "B": 1, "KB": 1_000, "KiB": 1 << 10, "MB": 1_000_000, "MiB": 1 << 20, "GB": 1_000_000_000, "GiB": 1 << 30,
]

private func byteCount(_ text: String) -> Int? {
    scaled(text, by: sizeUnits).flatMap { Int(exactly: $0) }
}

/// A whole number followed by one of the units, multiplied out; `nil` when it does not fit 64 bits.
private func scaled(_ text: String, by units: [String: Int64]) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), let unit = units[String(text[digits.endIndex...])] else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
}

extension Duration {
    /// In the largest unit that is exact, as the configuration writes it.
    var short: String {
        let milliseconds = clampedNanoseconds / 1_000_000
        let units = durationUnits.sorted { $0.value > $1.value }
        guard milliseconds > 0, let unit = units.first(where: { milliseconds % $0.value == 0 }) else {
            return "0s"
        }
        return "\(milliseconds / unit.value)\(unit.key)"
    }
}
