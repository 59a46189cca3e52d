import BelfryBytes

/// One thing that happened, as the place that saw it states it.
///
/// Loops build these, so an event only collects: its strings are as they came, and escaping, redaction,
/// capping and the wording of MESSAGE wait for the writer thread (`EventEncoder`). Events are made by the
/// typed constructors in `Event+Topic.swift`, and in no other way; a constructor cannot misname a field.
package struct Event: Sendable {
    package let kind: EventKind
    package let priority: Priority
    /// How many occurrences this entry stands for; written as BELFRY_COUNT where the kind has that field.
    package internal(set) var count: UInt64
    /// Microseconds since 1970 at which an audit event was recorded, which may be long before it is written; 0
    /// until the journal has it.
    package var time: UInt64 = 0
    private let facts: Facts

    package var connection: ConnectionContext? { facts.connection }
    package var subject: SubjectContext? { facts.subject }
    /// Nil ones are fields that do not apply to this occurrence, and are left out of the entry.
    package var details: [Detail?] { facts.details }
    /// Where it was built: CODE_FILE and CODE_LINE.
    package var source: SourceLocation { facts.source }

    /// What never changes, behind one reference: between its maker and the writer an event passes through many
    /// hands, and each would count the references of all its strings.
    private final class Facts: Sendable {
        let connection: ConnectionContext?
        let subject: SubjectContext?
        let details: [Detail?]
        let source: SourceLocation

        init(
            _ connection: ConnectionContext?, _ subject: SubjectContext?, _ details: [Detail?],
            _ source: SourceLocation
        ) {
            self.connection = connection
            self.subject = subject
            self.details = details
            self.source = source
        }
    }

    /// One field of the kind's own.
    package struct Detail: Sendable {
        package let field: JournalField
        package let value: Value
    }

    /// What a field can hold; the text form is made on the writer thread.
    package enum Value: Sendable, Equatable {
        case text(String)
        case integer(Int64)
        case count(UInt64)
        case flag(Bool)
        /// Seconds since 1970, written as `2026-08-01T12:00:00Z`.
        case time(Int64)
        /// The entry's own BELFRY_SEQ, known only when it is written.
        case ownSequence
    }

    init(
        _ kind: EventKind, priority: Priority? = nil, connection: ConnectionContext? = nil,
        subject: SubjectContext? = nil, count: UInt64 = 1, _ details: [Detail?], at source: SourceLocation
    ) {
        self.kind = kind
        self.priority = priority ?? kind.priority
        self.count = count
        facts = Facts(connection, subject, details, source)
    }
}

/// A place in the source, as `#fileID` and `#line` give it.
package struct SourceLocation: Sendable {
    package let file: StaticString
    package let line: UInt32

    package init(_ file: StaticString, _ line: UInt32) {
        self.file = file
        self.line = line
    }
}

extension Event.Detail {
    /// The longest text kept with an event that waits in a queue.
    ///
    /// Four times what the largest field may
    /// show, so that a secret that begins in the visible part is still recognised by its whole shape.
    static let textLimit = 8192

    static func text(_ field: JournalField, _ text: String?) -> Self? {
        guard let text else { return nil }
        guard text.utf8.count > textLimit else { return Self(field: field, value: .text(text)) }
        return Self(field: field, value: .text(String(decoding: text.utf8.prefix(textLimit), as: UTF8.self)))
    }

    static func number(_ field: JournalField, _ number: (some BinaryInteger)?) -> Self? {
        guard let number else { return nil }
        if number >= 0 { return Self(field: field, value: .count(UInt64(clamping: number))) }
        return Self(field: field, value: .integer(Int64(clamping: number)))
    }

    static func flag(_ field: JournalField, _ flag: Bool) -> Self? { Self(field: field, value: .flag(flag)) }

    /// - `seconds`: since 1970.
    static func time(_ field: JournalField, _ seconds: Int64?) -> Self? {
        seconds.map { Self(field: field, value: .time($0)) }
    }

    static func seconds(_ field: JournalField, _ duration: Duration?) -> Self? {
        number(field, duration?.components.seconds)
    }

    static func milliseconds(_ field: JournalField, _ duration: Duration?) -> Self? {
        number(field, duration.map { $0.clampedNanoseconds / 1_000_000 })
    }

    static func microseconds(_ field: JournalField, _ duration: Duration?) -> Self? {
        number(field, duration.map { $0.clampedNanoseconds / 1000 })
    }
}

extension Event {
    /// Roughly what the event holds on to while it waits, in bytes: its texts.
    ///
    /// Bounds the queue's memory.
    package var textBytes: Int {
        var total = connection.map { $0.id.utf8.count &+ $0.peerAddress.utf8.count } ?? 0
        for detail in details {
            if case .text(let text)? = detail?.value { total &+= text.utf8.count }
        }
        return total
    }

    /// The value of a detail, as given.
    package subscript(field: JournalField) -> Value? {
        details.first { $0?.field == field }??.value
    }
}
