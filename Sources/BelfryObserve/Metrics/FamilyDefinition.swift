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
    public enum Unit: String, Sendable {
        case none = ""
        /// Stored in nanoseconds.
        case seconds
        case bytes
    }

    public struct Label: Sendable {
        public let name: String
        public let values: Values

        public enum Values: Sendable {
            case closed([String])
            /// Known at start, from ``MetricRegistry/init(build:certificateNames:eventNames:)``.
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
