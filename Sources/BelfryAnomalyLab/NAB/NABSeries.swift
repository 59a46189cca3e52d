/// One file of the Numenta Anomaly Benchmark, with its labelled windows.
package struct NABSeries: Sendable {
    package let name: String
    /// Seconds, increasing, from any origin at midnight of a Thursday (1970-01-01 is one).
    package let times: [Int]
    package let values: [Double]
    /// Row numbers of the labelled windows, in order.
    package let windows: [ClosedRange<Int>]

    /// Gives `nil` when a line or a label cannot be read.
    ///
    /// - Parameters:
    ///   - name: The path below `data`, as the label file writes it.
    ///   - text: Lines `timestamp,value` below one heading.
    ///   - labels: First and last time of each window, as the label file writes them.
    package init?(name: String, text: String, labels: [[String]]) {
        var times: [Int] = []
        var values: [Double] = []
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            let fields = line.split(separator: ",")
            guard fields.count == 2, let time = Self.seconds(fields[0]), let value = Double(fields[1]) else {
                return nil
            }
            times.append(time)
            values.append(value)
        }
        var windows: [ClosedRange<Int>] = []
        for label in labels {
            guard label.count == 2, let from = Self.seconds(label[0][...]),
                let to = Self.seconds(label[1][...]),
                let first = times.firstIndex(where: { $0 >= from }),
                let last = times.lastIndex(where: { $0 <= to }), first <= last
            else { return nil }
            windows.append(first...last)
        }
        self.name = name
        self.times = times
        self.values = values
        self.windows = windows
    }

    /// Rows at the start that are not scored: 15 % of the file, of at most 5,000 rows.
    package var probation: Int { min(values.count * 15 / 100, 750) }

    /// `2014-04-10 16:15:00` with or without a fraction, in seconds since 1970.
    private static func seconds(_ text: Substring) -> Int? {
        let numbers = text.split(whereSeparator: { !$0.isNumber }).prefix(6).compactMap { Int($0) }
        guard numbers.count == 6 else { return nil }
        let days = daysSinceEpoch(year: numbers[0], month: numbers[1], day: numbers[2])
        return days * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
    }

    /// Days of the Gregorian calendar, counting years from March so that the leap day comes last.
    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
