/// What an export line is made of.
indirect enum JSONValue: Sendable, Equatable {
    case text(String)
    case number(Int64)
    case list([JSONValue])
    /// In the order of writing.
    case object([(key: String, value: JSONValue)])

    static func == (left: JSONValue, right: JSONValue) -> Bool { left.bytes == right.bytes }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    func append(to bytes: inout [UInt8]) {
        switch self {
        case .text(let text): Self.append(text, to: &bytes)
        case .number(let number): bytes += String(number).utf8
        case .list(let values): Self.append("[", values, "]", to: &bytes) { $0.append(to: &$1) }
        case .object(let members):
            Self.append("{", members, "}", to: &bytes) { member, bytes in
                Self.append(member.key, to: &bytes)
                bytes.append(0x3A)
                member.value.append(to: &bytes)
            }
        }
    }

    private static func append<Element>(
        _ open: String, _ elements: [Element], _ close: String, to bytes: inout [UInt8],
        _ write: (Element, inout [UInt8]) -> Void
    ) {
        bytes += open.utf8
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            write(element, &bytes)
        }
        bytes += close.utf8
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x00..<0x20:
                let digits = String(byte, radix: 16)
                bytes += "\\u\(byte < 16 ? "000" : "00")\(digits)".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }
}

/// Members of an object, where those that are not known are left out.
struct JSONMembers {
    private(set) var all: [(key: String, value: JSONValue)] = []

    var isEmpty: Bool { all.isEmpty }
    var object: JSONValue { .object(all) }

    mutating func add(_ key: String, _ value: JSONValue?) {
        if let value { all.append((key, value)) }
    }

    mutating func add(_ key: String, text: String?) { add(key, text.map { .text($0) }) }
    mutating func add(_ key: String, number: Int64?) { add(key, number.map { .number($0) }) }

    mutating func add(_ key: String, _ members: JSONMembers) {
        if !members.isEmpty { add(key, members.object) }
    }
}
