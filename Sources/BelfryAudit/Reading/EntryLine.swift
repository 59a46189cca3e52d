import BelfryJournal

/// One line of `journalctl -o json`: a flat object whose values are texts, arrays of byte numbers for what is no text,
/// arrays of these for a field that was set more than once, or null for what journalctl left out for its length.
struct EntryLine {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    /// The text read last, without its escapes.
    private var text: [UInt8] = []

    init(bytes: [UInt8], range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// Adds the fields to `entry`; false for what is no such line.
    mutating func read(into entry: inout AuditEntry) -> Bool {
        guard take(0x7B) else { return false }
        if take(0x7D) { return isAtEnd }
        repeat {
            guard readText() else { return false }
            let name = text
            guard take(0x3A), readValue(of: name, into: &entry) else { return false }
        } while take(0x2C)
        return take(0x7D) && isAtEnd
    }

    private var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return position == end
        }
    }

    private mutating func readValue(of name: [UInt8], into entry: inout AuditEntry) -> Bool {
        skipBlanks()
        guard position < end else { return false }
        switch bytes[position] {
        case 0x22:
            guard readText() else { return false }
            entry.add(name: name, value: text)
            return true
        case 0x5B: return readArray(of: name, into: &entry)
        default: return readWord(of: name, into: &entry)
        }
    }

    /// Either one value of bytes, or several values.
    private mutating func readArray(of name: [UInt8], into entry: inout AuditEntry) -> Bool {
        guard take(0x5B) else { return false }
        var value: [UInt8] = []
        if take(0x5D) {
            entry.add(name: name, value: value)
            return true
        }
        var holdsBytes = false
        repeat {
            skipBlanks()
            guard position < end else { return false }
            if bytes[position] == 0x22 || bytes[position] == 0x5B || bytes[position] == 0x6E {
                guard readValue(of: name, into: &entry) else { return false }
            } else {
                guard let byte = readNumber() else { return false }
                holdsBytes = true
                value.append(byte)
            }
        } while take(0x2C)
        if holdsBytes { entry.add(name: name, value: value) }
        return take(0x5D)
    }

    /// null, or a number or a truth, which journalctl does not write.
    private mutating func readWord(of name: [UInt8], into entry: inout AuditEntry) -> Bool {
        let start = position
        while position < end, ![0x2C, 0x7D, 0x5D, 0x20].contains(bytes[position]) { position += 1 }
        guard position > start else { return false }
        let word = bytes[start..<position]
        entry.add(name: name, value: word.elementsEqual("null".utf8) ? [] : word)
        return true
    }

    private mutating func readNumber() -> UInt8? {
        var value = 0
        let start = position
        while position < end, (0x30...0x39).contains(bytes[position]), value < 256 {
            value = value * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        return position > start ? UInt8(exactly: value) : nil
    }

    private mutating func readText() -> Bool {
        guard take(0x22) else { return false }
        text.removeAll(keepingCapacity: true)
        while position < end {
            let byte = bytes[position]
            position += 1
            switch byte {
            case 0x22: return true
            case 0x5C: guard readEscape() else { return false }
            default: text.append(byte)
            }
        }
        return false
    }

    private mutating func readEscape() -> Bool {
        guard position < end else { return false }
        let byte = bytes[position]
        position += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75: return readCodePoint()
        default: return false
        }
        return true
    }

    private mutating func readCodePoint() -> Bool {
        guard var value = readHex() else { return false }
        if (0xD800..<0xDC00).contains(value) {
            guard position + 1 < end, bytes[position] == 0x5C, bytes[position + 1] == 0x75 else {
                return false
            }
            position += 2
            guard let low = readHex(), (0xDC00..<0xE000).contains(low) else { return false }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { return false }
        text += Array(String(Character(scalar)).utf8)
        return true
    }

    private mutating func readHex() -> UInt32? {
        guard position + 4 <= end else { return nil }
        let digits = String(decoding: bytes[position..<(position + 4)], as: UTF8.self)
        position += 4
        return UInt32(digits, radix: 16)
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard position < end, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while position < end, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }
}
