/// Reads a tree of nodes by a table of keys, collecting every error on the way.
struct ConfigurationReader {
    let files: ConfigurationFiles
    private(set) var errors = ConfigurationErrors()
    /// Where each key was set last, for what is checked after reading.
    private var locations: [String: ConfigurationLocation] = [:]
    /// Keys that were set to something wrong; what depends on them is not judged.
    private var failed: Set<String> = []

    init(files: ConfigurationFiles) { self.files = files }

    mutating func report(_ location: ConfigurationLocation, _ key: String, _ problem: ConfigurationProblem) {
        failed.insert(key)
        errors.append(ConfigurationError(location: location, key: key, problem: problem))
    }

    /// Where the key, or else the nearest section around it, stands.
    func location(of key: String) -> ConfigurationLocation? {
        var path = key[...]
        while true {
            if let location = locations[String(path)] { return location }
            guard let dot = path.lastIndex(of: ".") else { return locations[""] }
            path = path[..<dot]
        }
    }

    func hasFailed(_ key: String) -> Bool {
        failed.contains { $0 == key || $0.hasPrefix(key + ".") || $0.hasPrefix(key + "[") }
    }

    mutating func value<Value>(
        _ node: ConfigurationNode, _ path: String, _ format: ConfigurationFormat<Value>
    ) -> Value? {
        do throws(ConfigurationProblem) {
            return try format.read(node, files: files)
        } catch {
            report(node.location, path, error)
            return nil
        }
    }

    mutating func list(
        _ node: ConfigurationNode, _ path: String, count: ClosedRange<Int>
    ) -> [ConfigurationNode]? {
        if case .list(let nodes) = node.content, count.contains(nodes.count) { return nodes }
        var found = node.kindText
        if case .list(let nodes) = node.content { found = "\(nodes.count)" }
        let expected = "a list of \(count.lowerBound) to \(count.upperBound) values"
        report(node.location, path, .expected(expected, found: found))
        return nil
    }

    mutating func entries(
        _ node: ConfigurationNode, _ path: String, countMax: Int
    ) -> [ConfigurationNode.Entry] {
        switch node.content {
        case .section(let entries) where entries.count <= countMax: return entries
        case .nothing: return []  // all its keys are commented out
        case .section: report(node.location, path, .tooLarge("at most \(countMax) entries"))
        default: report(node.location, path, .expected("a section", found: node.kindText))
        }
        return []
    }

    /// Reads a section by its table.
    ///
    /// - Returns: Whether all of it was right; the record holds what was.
    mutating func section<Root>(
        _ node: ConfigurationNode, _ path: String, _ keys: [ConfigurationKey<Root>], into root: inout Root
    ) -> Bool {
        let before = errors
        read(node, path, prefix: "", keys, into: &root)
        return errors == before
    }

    /// `path` is the node's name for messages; `prefix` its name within the table, with a dot at its end, or
    /// nothing.
    private mutating func read<Root>(
        _ node: ConfigurationNode, _ path: String, prefix: String, _ keys: [ConfigurationKey<Root>],
        into root: inout Root
    ) {
        locations[path] = node.location
        // More entries than any table has keys are unknown or not this file.
        for entry in entries(node, path, countMax: 1_000) {
            let name = prefix + entry.key
            let entryPath =
                path.isEmpty ? entry.key.shortened(to: 64) : "\(path).\(entry.key.shortened(to: 64))"
            if let key = keys.first(where: { $0.name == name }) {
                locations[entryPath] = entry.value.location
                key.read(entry.value, entryPath, &root, &self)
            } else if keys.contains(where: { $0.name.hasPrefix(name + ".") }) {
                read(entry.value, entryPath, prefix: name + ".", keys, into: &root)
            } else if path.hasPrefix("channels."), let reason = ForeignOption.reason(for: entry.key) {
                report(entry.location, entryPath, .notTaken(reason))
            } else {
                let suggestion = Spelling.suggestion(for: name, among: keys.map(\.name), below: prefix)
                report(entry.location, entryPath, .unknownKey(suggestion: suggestion))
            }
        }
    }

    /// Reads the variables whose names begin with `BELFRY_`, which win over the file.
    mutating func environment<Root>(
        _ environment: [String: String], _ keys: [ConfigurationKey<Root>], into root: inout Root
    ) {
        let keysByVariable = Dictionary(
            keys.map { ($0.variable, $0) }, uniquingKeysWith: { first, _ in first })
        let ours = environment.filter { $0.key.hasPrefix(ConfigurationVariable.prefix) }
        for (variable, text) in ours.sorted(by: { $0.key < $1.key }) {
            let location = ConfigurationLocation.environment(variable: variable.shortened(to: 128))
            guard let key = keysByVariable[variable] else {
                let names = keys.filter(\.isScalar).map(\.variable)
                let suggestion = Spelling.closest(to: variable, among: names)
                report(location, "", .unknownVariable(suggestion: suggestion))
                continue
            }
            guard key.isScalar else {
                report(location, key.name, .contradiction("a list or a table can be set in the file only"))
                continue
            }
            locations[key.name] = location
            let node = ConfigurationNode(location: location, content: .scalar(text, isQuoted: false))
            key.read(node, key.name, &root, &self)
        }
    }
}

/// How variables are named.
enum ConfigurationVariable {
    static let prefix = "BELFRY_"
}

extension ConfigurationKey {
    /// `BELFRY_TLS_MIN_VERSION` for `tls.min_version`.
    var variable: String {
        ConfigurationVariable.prefix + name.uppercased().replacing(".", with: "_")
    }
}
