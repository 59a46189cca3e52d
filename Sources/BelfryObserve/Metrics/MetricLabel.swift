/// One label's closed set of values.
///
/// A case's raw value is its place in the family's cells.
///
/// Labels never come from input: whoever meets a foreign value maps it to a case, usually `other`. So the
/// number of series is known before the first connection, and no client can make it grow.
public protocol MetricLabel: CaseIterable, Sendable, RawRepresentable<UInt8> {
    /// The value as it is exposed.
    var label: String { get }
}

extension MetricLabel {
    /// The case's name in snake case; slow, for layouts and tests only.
    public var label: String { "\(self)".snakeCased }

    static var labels: [String] { allCases.map(\.label) }
}

extension String {
    fileprivate var snakeCased: String {
        reduce(into: "") { text, character in
            if character.isUppercase { text += "_" }
            text += character.lowercased()
        }
    }
}

extension MetricLabel where Self: Equatable {
    /// The case with this exposed value; slow, for set-up code that maps another module's names.
    public init?(label: String) {
        guard let match = Self.allCases.first(where: { $0.label == label }) else { return nil }
        self = match
    }
}
