/// What MESSAGE says of one kind, `{FIELD}` standing for a value, taken apart once.
struct MessageTemplate: Sendable {
    enum Part: Sendable {
        case text([UInt8])
        /// The value of a field, or `-` when the entry has none; nil is a name that no field has.
        case value(JournalField?)
    }

    let parts: [Part]

    init(_ text: String) {
        var parts: [Part] = []
        for (index, piece) in text.split(separator: "{", omittingEmptySubsequences: false).enumerated() {
            guard index > 0, let brace = piece.firstIndex(of: "}") else {
                parts.append(.text(Array(piece.utf8)))
                continue
            }
            parts.append(.value(JournalField(rawValue: String(piece[..<brace]))))
            parts.append(.text(Array(piece[piece.index(after: brace)...].utf8)))
        }
        self.parts = parts
    }
}
