/// What is fixed about a metric family: its row in the operator's table.
public struct FamilyDefinition: Sendable {
    /// What the values mean; decides storage, merging and exposition.
    public enum Kind: Equatable, Sendable {
        case counter
        case gauge(Merge)
        case histogram(Buckets)
        /// Constant facts as labels, value 1.
        case info
        /// One of the label's values is true.
        case stateSet
    }

    /// How a gauge's shards become one value.
    public enum Merge: Sendable {
        case sum
        case max
    }

    /// The suffix of the name, and how raw integers are written.
    public enum Unit: Sendable {
        case none
        /// Stored in nanoseconds.
        case seconds
        case bytes
        /// Stored in billionths.
        case ratio
        /// A number without a unit of its own that need not be whole; stored in billionths.
        case real

        /// The suffix of a family's name; empty when it has none.
        public var suffix: String {
            switch self {
            case .none, .real: ""
            case .seconds: "seconds"
            case .bytes: "bytes"
            case .ratio: "ratio"
            }
        }

        /// Cells hold billionths of what is exposed.
        var isScaled: Bool {
            switch self {
            case .seconds, .ratio, .real: true
            case .none, .bytes: false
            }
        }
    }

    public struct Label: Sendable {
        public let name: String
        public let values: Values

        public enum Values: Sendable {
            case closed([String])
            /// The loaded ones, from ``MetricRegistry/setCertificates(_:)``.
            case certificates
            case events
        }
    }

    /// With prefix and unit, without `_total`.
    public let name: String
    public let kind: Kind
    public let unit: Unit
    public let labels: [Label]
    public let help: String

    static func counter(
        _ name: String, _ labels: [Label] = [], unit: Unit = .none, prefix: String = "belfry_", help: String
    ) -> FamilyDefinition {
        FamilyDefinition(name: prefix + name, kind: .counter, unit: unit, labels: labels, help: help)
    }

    static func gauge(
        _ name: String, _ labels: [Label] = [], unit: Unit = .none, merge: Merge = .sum,
        prefix: String = "belfry_",
        help: String
    ) -> FamilyDefinition {
        FamilyDefinition(name: prefix + name, kind: .gauge(merge), unit: unit, labels: labels, help: help)
    }

    static func histogram(
        _ name: String, _ labels: [Label] = [], unit: Unit, _ buckets: Buckets, help: String
    ) -> FamilyDefinition {
        FamilyDefinition(
            name: "belfry_" + name, kind: .histogram(buckets), unit: unit, labels: labels, help: help)
    }
}

extension FamilyDefinition.Label {
    static func closed<Value: MetricLabel>(_ name: String, _ type: Value.Type) -> Self {
        FamilyDefinition.Label(name: name, values: .closed(type.labels))
    }
}
