import BelfryObserve

/// An entry as one line for standard error:
/// `notice auth.failure "Authentication from 192.0.2.7 failed: expired" seq=12 conn_id=7f3a reason=expired`.
///
/// The values are escaped already (`SafeText`), so a line is a line whatever a peer sent.
enum LogLine {
    /// Appends the line of `entry`, with the line break at its end.
    static func append(_ entry: EntryBuffer, priority: Priority, to lines: inout [UInt8]) {
        // Quoting doubles a value at most; a name loses more than the quotes take. The rest is for the head.
        lines.append(addingCapacity: 2 &* entry.bytes.count &+ 32) { line in
            let bytes = entry.bytes.span
            line.append(priority.name.utf8.span)
            line.append(0x20)
            if let event = entry.item(of: .event) { line.append(bytes.extracting(event.value)) }
            line.append(0x20)
            if let message = entry.message { appendQuoted(bytes.extracting(message.value), to: &line) }
            appendFields(of: entry, to: &line)
            line.append(0x0A)
        }
    }

    private static func appendFields(of entry: EntryBuffer, to line: inout OutputSpan<UInt8>) {
        let bytes = entry.bytes.span
        for item in entry.items {
            // In the line's head, or of no use to whoever reads a stream.
            guard let field = item.field, field != .event, field != .schema else { continue }
            line.append(0x20)
            appendLowercase(bytes.extracting(item.key), to: &line)
            line.append(0x3D)
            appendValue(bytes.extracting(item.value), to: &line)
        }
    }

    private static func appendValue(_ value: Span<UInt8>, to line: inout OutputSpan<UInt8>) {
        if isBare(value) { line.append(value) } else { appendQuoted(value, to: &line) }
    }

    /// Neither empty nor with a blank, a quote or `=` in it.
    private static func isBare(_ value: Span<UInt8>) -> Bool {
        for index in value.indices {
            let byte = value[index]
            if byte == 0x20 || byte == 0x22 || byte == 0x3D { return false }
        }
        return !value.isEmpty
    }

    /// Names of fields hold no letters but these.
    private static func appendLowercase(_ name: Span<UInt8>, to line: inout OutputSpan<UInt8>) {
        for index in name.indices {
            let byte = name[index]
            line.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
        }
    }

    private static func appendQuoted(_ value: Span<UInt8>, to line: inout OutputSpan<UInt8>) {
        line.append(0x22)
        for index in value.indices {
            let byte = value[index]
            if byte == 0x22 { line.append(0x5C) }
            line.append(byte)
        }
        line.append(0x22)
    }
}

extension EntryBuffer.Item {
    fileprivate var value: Range<Int> { valueStart..<end }

    /// The name without what all of Belfry's names begin with.
    fileprivate var key: Range<Int> { (start &+ EntryBuffer.prefix.utf8.count)..<(valueStart &- 1) }
}
