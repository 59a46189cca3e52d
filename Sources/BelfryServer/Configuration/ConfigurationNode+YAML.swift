private import Yams

// The only file that knows Yams. Its tree becomes ours at once, with bounds on everything that a file can
// make large: bytes, depth, places, aliases. Yams checks that keys are unique; meaning is checked by
// ConfigurationReader.

extension ConfigurationNode {
    /// A configuration has a few hundred places; more is a mistake, such as the wrong file.
    private static let placesMax = 20_000
    /// The deepest key is `limits.user.publish.rate`.
    private static let depthMax = 16
    /// An alias repeats what it stands for, so n of them can multiply a file by 3^(n/3).
    ///
    /// They are refused in any case, at their place; this many can be looked at before.
    private static let aliasesMax = 16

    /// Reads a YAML document.
    ///
    /// - Parameters:
    ///   - text: The file's content, already limited in size.
    ///   - path: Only for locations.
    /// - Returns: Its root; `nothing` for an empty file.
    /// - Throws: The first thing that is not YAML, or more than a configuration needs.
    package static func parse(yaml text: String, path: String) throws(ConfigurationError) -> ConfigurationNode
    {
        if let location = tooManyAliases(in: text, path: path) {
            throw ConfigurationError(location: location, key: "", problem: .aliases)
        }
        do {
            // No resolver: `8` and `true` stay text here, and each key's format decides what they are.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            // Anchors are weak in nodes; the parser holds them while the tree is read.
            return try withExtendedLifetime(parser) { () throws -> ConfigurationNode in
                var placesLeft = placesMax
                guard let root = try parser.singleRoot() else {
                    return ConfigurationNode(
                        location: .file(path: path, line: 1, column: 1), content: .nothing)
                }
                return try ConfigurationNode(root, path: path, depth: 0, placesLeft: &placesLeft)
            }
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(error as? YamlError, text: text, path: path)
        }
    }

    private init(_ node: Node, path: String, depth: Int, placesLeft: inout Int) throws(ConfigurationError) {
        location = ConfigurationLocation(node.mark, path: path)
        placesLeft -= 1
        if depth > Self.depthMax || placesLeft < 0 {
            let problem = ConfigurationProblem.tooLarge(
                "more than \(Self.depthMax) levels or \(Self.placesMax) values")
            throw ConfigurationError(location: location, key: "", problem: problem)
        }
        guard node.anchor == nil, Self.isPlain(node) else {
            throw ConfigurationError(location: location, key: "", problem: .aliases)
        }
        switch node {
        case .scalar(let scalar):
            content = Self.content(of: scalar)
        case .sequence(let sequence):
            var list: [ConfigurationNode] = []
            for element in sequence {
                list.append(
                    try ConfigurationNode(element, path: path, depth: depth + 1, placesLeft: &placesLeft))
            }
            content = .list(list)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let value = try ConfigurationNode(
                    value, path: path, depth: depth + 1, placesLeft: &placesLeft)
                entries.append(try Entry(key: key, value: value, path: path))
            }
            content = .section(entries)
        case .alias:
            throw ConfigurationError(location: location, key: "", problem: .aliases)
        }
    }

    private static func content(of scalar: Node.Scalar) -> Content {
        let isPlain = scalar.style == .plain
        if isPlain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .nothing }
        return .scalar(scalar.string, isQuoted: !isPlain)
    }

    /// Whether the node bears no tag of its own (`!!int`, `!secret`).
    private static func isPlain(_ node: Node) -> Bool {
        switch node {
        case .scalar(let scalar): isImplied(scalar.tag, .str)
        case .sequence(let sequence): isImplied(sequence.tag, .seq)
        case .mapping(let mapping): isImplied(mapping.tag, .map)
        case .alias: false
        }
    }

    private static func isImplied(_ tag: Tag, _ kind: Tag.Name) -> Bool {
        tag.rawValue == Tag.Name.implicit.rawValue || tag.rawValue == kind.rawValue
    }

    private static func tooManyAliases(in text: String, path: String) -> ConfigurationLocation? {
        var count = 0
        for (number, line) in text.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            if line.first(where: { $0 != 0x20 }) == 0x23 { continue }  // a comment
            count += zip(line, line.dropFirst()).count { star, next in star == 0x2A && next > 0x2F }
            if count > aliasesMax { return .file(path: path, line: number + 1, column: 1) }
        }
        return nil
    }
}

extension ConfigurationNode.Entry {
    fileprivate init(key: Node, value: ConfigurationNode, path: String) throws(ConfigurationError) {
        location = ConfigurationLocation(key.mark, path: path)
        guard case .scalar(let scalar) = key, scalar.anchor == nil else {
            let problem = ConfigurationProblem.expected("a name as key", found: "a list or a section")
            throw ConfigurationError(location: location, key: "", problem: problem)
        }
        self.key = scalar.string
        self.value = value
    }
}

extension ConfigurationLocation {
    fileprivate init(_ mark: Mark?, path: String) {
        self = .file(path: path, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
}

extension ConfigurationError {
    /// What Yams refused.
    ///
    /// Its own description quotes the line, which may hold a secret; only the reason is kept.
    fileprivate init(_ error: YamlError?, text: String, path: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(location: .init(mark, path: path), key: "", problem: .syntax(problem))
        case .duplicatedKeysInMapping(let names, let context):
            self.init(
                location: .init(context.mark, path: path), key: (names.first ?? "").shortened(to: 64),
                problem: .duplicateKey)
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.count { $0.isNewline } + 1
            let column = (before.lastIndex { $0.isNewline }).map { before[$0...].count } ?? before.count + 1
            self.init(
                location: .file(path: path, line: line, column: column), key: "", problem: .syntax(problem))
        default:
            self.init(
                location: .file(path: path, line: 1, column: 1), key: "", problem: .syntax("cannot be read"))
        }
    }
}
