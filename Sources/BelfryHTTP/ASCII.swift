// Byte classes of RFC 9110 and RFC 3986. Only ASCII folds case here: Unicode's `lowercased` makes a `k` of the
// Kelvin sign, and then a header that says `websoc\u{212A}et` would pass.

extension UInt8 {
    /// `tchar` (RFC 9110, section 5.6.2).
    var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "^")...UInt8(ascii: "z"), UInt8(ascii: "|"), UInt8(ascii: "~"): true
        case UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        case UInt8(ascii: "#")...UInt8(ascii: "'"): true
        default: false
        }
    }

    /// What a field value may hold (RFC 9110, section 5.5): no control character but the tab.
    var isFieldValueByte: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }

    var isOptionalWhitespace: Bool { self == 0x20 || self == 0x09 }

    /// Printable, and not one of the characters no URL writes plainly.
    ///
    /// Wider than RFC 3986: browsers do send `{`, `|` and `}` in a query.
    var isTargetCharacter: Bool {
        switch self {
        case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"):
            false
        default: self > 0x20 && self < 0x7F
        }
    }

    /// A character of a host name or address, bracketed IPv6 aside.
    var isHostCharacter: Bool { isAlphanumeric || [0x2D, 0x2E, 0x5F].contains(self) }

    var isAlphanumeric: Bool { isDigit || lowercased >= UInt8(ascii: "a") && lowercased <= UInt8(ascii: "z") }

    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    var lowercased: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self }

    var hexadecimalValue: UInt8? {
        switch lowercased {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): lowercased &- UInt8(ascii: "a") &+ 10
        default: nil
        }
    }
}

extension StringProtocol {
    var asciiLowercased: String { String(decoding: utf8.map(\.lowercased), as: UTF8.self) }

    func equalsIgnoringCase(_ other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8) { $0.lowercased == $1.lowercased }
    }

    var isToken: Bool { !isEmpty && utf8.allSatisfy(\.isTokenCharacter) }

    /// Without the blanks and tabs around it.
    var trimmed: String {
        let head = utf8.drop(while: \.isOptionalWhitespace)
        return String(decoding: head.reversed().drop(while: \.isOptionalWhitespace).reversed(), as: UTF8.self)
    }
}
