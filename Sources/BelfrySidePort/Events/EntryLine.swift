import BelfryObserve

// An entry as `journalctl -o json` writes it: one object, every value a string. The values are the journal's own bytes,
// redacted and escaped when the entry was made; here only what JSON needs is added.

extension EntryBuffer {
    /// Writes the entry as JSON.
    ///
    /// - Parameter time: Microseconds since 1970 at which the journal got it.
    /// - Returns: One line, without its end.
    func jsonLine(at time: UInt64) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(bytes.count + 8 * items.count + 64)
        line += "{\"__REALTIME_TIMESTAMP\":\"\(time)\"".utf8
        for item in items {
            line += ",\"".utf8
            line += name(of: item)
            line += "\":\"".utf8
            line.append(jsonText: value(of: item))
            line.append(UInt8(ascii: "\""))
        }
        line.append(UInt8(ascii: "}"))
        return line
    }
}

extension [UInt8] {
    /// RFC 8259, section 7: what may not stand bare in a string.
    fileprivate mutating func append(jsonText text: ArraySlice<UInt8>) {
        for byte in text {
            switch byte {
            case 0x22, 0x5C: self += [0x5C, byte]
            case 0..<0x20:
                self += "\\u00".utf8
                self += [Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
            default: append(byte)
            }
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
