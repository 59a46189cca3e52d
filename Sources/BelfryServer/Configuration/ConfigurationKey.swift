/// One key of a section, or a list or table of records: its name, its format, and where its value goes.
///
/// The table of these (Configuration+Keys.swift) drives everything: what the file may hold, what each value
/// may be, the names of the environment variables, and the test that `ops/belfry.yaml` documents every key.
struct ConfigurationKey<Root>: Sendable {
    typealias Read =
        @Sendable (
            ConfigurationNode, _ path: String, inout Root, inout ConfigurationReader
        ) -> Void

    /// Dotted, from the root of its table: `tls.min_version`.
    let name: String
    /// What its value may be.
    let expects: String
    /// Only single values can be set by an environment variable.
    let isScalar: Bool
    /// The keys of each record in a list or table.
    var recordKeys: [String] = []
    /// Whether SIGHUP brings a new value into force; of others a reload says that they wait for the next start.
    var isReloaded = false
    /// Whether two roots have the same value.
    let isSame: @Sendable (Root, Root) -> Bool
    let read: Read

    /// The same key, read again on SIGHUP.
    var reloaded: Self {
        var key = self
        key.isReloaded = true
        return key
    }

    /// A single value.
    static func value<Value: Sendable & Equatable>(
        _ name: String, _ target: any WritableKeyPath<Root, Value> & Sendable,
        _ format: ConfigurationFormat<Value>
    ) -> Self {
        Self(name: name, expects: format.expects, isScalar: true, isSame: same(target)) {
            node, path, root, reader in
            guard let value = reader.value(node, path, format) else { return }
            root[keyPath: target] = value
        }
    }

    /// A list of values.
    static func list<Value: Sendable & Equatable>(
        _ name: String, _ target: any WritableKeyPath<Root, [Value]> & Sendable,
        _ format: ConfigurationFormat<Value>, count: ClosedRange<Int>
    ) -> Self {
        let expects = "a list of \(count.lowerBound) to \(count.upperBound)"
        return Self(name: name, expects: expects, isScalar: false, isSame: same(target)) {
            node, path, root, reader in
            guard let nodes = reader.list(node, path, count: count) else { return }
            var values: [Value] = []
            for (index, node) in nodes.enumerated() {
                guard let value = reader.value(node, "\(path)[\(index)]", format) else { continue }
                if values.contains(value) {
                    reader.report(
                        node.location, "\(path)[\(index)]", .contradiction("stands in the list twice"))
                }
                values.append(value)
            }
            root[keyPath: target] = values
        }
    }

    /// A list of records.
    ///
    /// `check` says what must hold within a record, and between it and those before it; a single value stands for a
    /// record with only the key `shorthand`.
    static func records<Record: Sendable & Equatable>(
        _ name: String, _ target: any WritableKeyPath<Root, [Record]> & Sendable, empty: Record,
        keys: [ConfigurationKey<Record>], count: ClosedRange<Int>, shorthand: String? = nil,
        check: @escaping @Sendable (Record, _ earlier: [Record]) -> ConfigurationProblem?
    ) -> Self {
        let expects = "a list of \(count.lowerBound) to \(count.upperBound) sections"
        return Self(
            name: name, expects: expects, isScalar: false, recordKeys: keys.map(\.name),
            isSame: same(target)
        ) { node, path, root, reader in
            guard let nodes = reader.list(node, path, count: count) else { return }
            var records: [Record] = []
            for (index, node) in nodes.enumerated() {
                let path = "\(path)[\(index)]"
                var record = empty
                let section = node.spelledOut(shorthand)
                guard reader.section(section, path, keys, into: &record) else { continue }
                if let problem = check(record, records) { reader.report(node.location, path, problem) }
                records.append(record)
            }
            root[keyPath: target] = records
        }
    }

    /// Records by name.
    static func table<Record: Sendable & Equatable>(
        _ name: String, _ target: any WritableKeyPath<Root, [String: Record]> & Sendable, empty: Record,
        keys: [ConfigurationKey<Record>], names: ConfigurationFormat<String>, countMax: Int
    ) -> Self {
        let expects = "up to \(countMax) sections, named by \(names.expects)"
        return Self(
            name: name, expects: expects, isScalar: false, recordKeys: keys.map(\.name),
            isSame: same(target)
        ) { node, path, root, reader in
            for entry in reader.entries(node, path, countMax: countMax) {
                let path = "\(path).\(entry.key.shortened(to: 64))"
                let nameNode = ConfigurationNode(
                    location: entry.location, content: .scalar(entry.key, isQuoted: false))
                guard let name = reader.value(nameNode, path, names) else { continue }
                var record = empty
                if reader.section(entry.value, path, keys, into: &record) {
                    root[keyPath: target][name] = record
                }
            }
        }
    }

    /// Compares what `target` names.
    static func same<Value: Sendable & Equatable>(
        _ target: any WritableKeyPath<Root, Value> & Sendable
    ) -> @Sendable (Root, Root) -> Bool {
        { $0[keyPath: target] == $1[keyPath: target] }
    }
}

extension Array {
    /// The same keys, read again on SIGHUP.
    func reloaded<Root>() -> [Element] where Element == ConfigurationKey<Root> { map(\.reloaded) }

    /// The keys of a part, as keys of the whole; without a name they stand among the whole's own.
    static func section<Root, Part>(
        _ name: String, _ part: any WritableKeyPath<Root, Part> & Sendable, _ keys: [ConfigurationKey<Part>]
    ) -> [Element] where Element == ConfigurationKey<Root> {
        keys.map { key in
            ConfigurationKey(
                name: name.isEmpty ? key.name : "\(name).\(key.name)", expects: key.expects,
                isScalar: key.isScalar, recordKeys: key.recordKeys, isReloaded: key.isReloaded,
                isSame: { key.isSame($0[keyPath: part], $1[keyPath: part]) }
            ) { node, path, root, reader in
                key.read(node, path, &root[keyPath: part], &reader)
            }
        }
    }
}
