/// Seconds since 1970 as RFC 3339 in UTC, without Foundation.
package enum UTCTime {
    /// Appends `2026-08-01T12:00:00Z`.
    ///
    /// Years outside 0...9999 are not dates a certificate or token can mean and
    /// stand as plain seconds.
    static func append(_ seconds: Int64, to bytes: inout [UInt8]) {
        append(seconds, fraction: nil, to: &bytes)
    }

    /// Appends `2026-08-01T12:00:00.000042Z`, of microseconds since 1970.
    static func append(microseconds: UInt64, to bytes: inout [UInt8]) {
        append(
            Int64(clamping: microseconds / 1_000_000), fraction: microseconds % 1_000_000, to: &bytes)
    }

    package static func text(microseconds: UInt64) -> String {
        var bytes: [UInt8] = []
        append(microseconds: microseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ seconds: Int64, fraction: UInt64?, to bytes: inout [UInt8]) {
        let (days, second) = floorDivide(seconds, 86400)
        // 0000-01-01 and 9999-12-31 as days since 1970.
        guard (-719_528...2_932_896).contains(days) else { return bytes.append(decimal: seconds) }
        let (year, month, day) = date(days)
        bytes.append(twoDigits: year / 100)
        bytes.append(twoDigits: year % 100)
        bytes.append(0x2D)
        bytes.append(twoDigits: month)
        bytes.append(0x2D)
        bytes.append(twoDigits: day)
        bytes.append(0x54)
        appendTime(of: second, to: &bytes)
        if let fraction { appendFraction(fraction, to: &bytes) }
        bytes.append(0x5A)
    }

    private static func appendTime(of second: Int64, to bytes: inout [UInt8]) {
        bytes.append(twoDigits: second / 3600)
        bytes.append(0x3A)
        bytes.append(twoDigits: second / 60 % 60)
        bytes.append(0x3A)
        bytes.append(twoDigits: second % 60)
    }

    /// Six digits behind a point.
    private static func appendFraction(_ fraction: UInt64, to bytes: inout [UInt8]) {
        bytes.append(0x2E)
        for pair in [fraction / 10_000, fraction / 100 % 100, fraction % 100] {
            bytes.append(twoDigits: Int64(clamping: pair))
        }
    }

    /// Days since 1970 to a date of the Gregorian calendar: Howard Hinnant's `civil_from_days`, which counts
    /// years from 1 March so that the leap day is the last of its year.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
