// Byte classes of RFC 9110 and RFC 3986. Only ASCII folds case here: Unicode's `lowercased` makes a `k` of the
// Kelvin sign, and then a header that says `websoc\u{212A}et` would pass.

extension UInt8 {
    /// `tchar` (RFC 9110, section 5.6.2): letters, digits and `!#$%&'*+-.^_`|~`.
    var isTokenCharacter: Bool {
        // A bit for each of the 128: every byte of every name is asked, and a switch costs twice as much.
        let characters: UInt64 = self < 0x40 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return self < 0x80 && characters &>> UInt64(self & 0x3F) & 1 == 1
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
    var isHostCharacter: Bool {
        isAlphanumeric || self == UInt8(ascii: "-") || self == UInt8(ascii: ".") || self == UInt8(ascii: "_")
    }

    /// A character of a `b64token` (RFC 6750, section 2.1), its padding aside.
    var isBearerCharacter: Bool {
        if isAlphanumeric { return true }
        return switch self {
        case UInt8(ascii: "-")...UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"):
            true
        default: false
        }
    }

    var isAlphanumeric: Bool { isLetter || isDigit }

    var isLetter: Bool { self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z") }

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
