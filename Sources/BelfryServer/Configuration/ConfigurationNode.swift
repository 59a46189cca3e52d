/// A place in a configuration, before anybody knows what it means.
package struct ConfigurationNode: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        /// A quoted scalar is text and nothing else: `"8"` is not a number.
        case scalar(String, isQuoted: Bool)
        case list([ConfigurationNode])
        case section([Entry])
        /// A key without a value.
        case nothing
    }

    package struct Entry: Equatable, Sendable {
        package let key: String
        package let location: ConfigurationLocation
        package let value: ConfigurationNode
    }

    package let location: ConfigurationLocation
    package let content: Content

    /// A scalar as the section it is short for.
    func spelledOut(_ key: String?) -> ConfigurationNode {
        guard let key, case .scalar = content else { return self }
        let entry = Entry(key: key, location: location, value: self)
        return ConfigurationNode(location: location, content: .section([entry]))
    }

    /// What an error message says was found.
    ///
    /// Quotes scalars: not for places where a secret may stand.
    var foundText: String {
        guard case .scalar(let text, _) = content else { return kindText }
        return "\"\(text.shortened(to: 40))\""
    }

    /// The same without the scalar.
    var kindText: String {
        switch content {
        case .scalar: "a single value"
        case .list: "a list"
        case .section: "a section"
        case .nothing: "nothing"
        }
    }
}

extension String {
    /// Fit to stand in a message: at most `count` characters and no control characters.
    func shortened(to count: Int) -> String {
        let start = prefix(count).unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
        }
        return start.joined() + (self.count > count ? "…" : "")
    }
}
