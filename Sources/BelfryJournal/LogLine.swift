import BelfryObserve

/// An entry as one line for standard error:
/// `notice auth.failure "Authentication from 192.0.2.7 failed: expired" seq=12 conn_id=7f3a reason=expired`.
///
/// The values are escaped already (`SafeText`), so a line is a line whatever a peer sent.
enum LogLine {
    /// In the line's head, or of no use to whoever reads a stream.
    private static let left: Set<String> = ["EVENT", "SCHEMA"]

    static func bytes(of entry: EntryBuffer, priority: Priority) -> [UInt8] {
        var line = Array(priority.name.utf8)
        line.append(0x20)
        line += entry.value(named: "BELFRY_EVENT") ?? []
        line.append(0x20)
        appendQuoted(entry.value(named: "MESSAGE") ?? [], to: &line)
        for item in entry.items {
            let name = String(decoding: entry.name(of: item), as: UTF8.self)
            guard name.hasPrefix("BELFRY_") else { continue }
            let key = name.dropFirst("BELFRY_".count)
            if left.contains(String(key)) { continue }
            line.append(0x20)
            line += key.lowercased().utf8
            line.append(0x3D)
            appendValue(entry.value(of: item), to: &line)
        }
        line.append(0x0A)
        return line
    }

    private static func appendValue(_ value: ArraySlice<UInt8>, to line: inout [UInt8]) {
        let isBare = !value.isEmpty && !value.contains { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D }
        if isBare { line += value } else { appendQuoted(value, to: &line) }
    }

    private static func appendQuoted(_ value: ArraySlice<UInt8>, to line: inout [UInt8]) {
        line.append(0x22)
        for byte in value {
            if byte == 0x22 { line.append(0x5C) }
            line.append(byte)
        }
        line.append(0x22)
    }
}
