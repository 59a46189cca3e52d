/// A request head that kept all the rules of RFC 9112 a server without bodies cares about.
///
/// It is the bytes as they came and where the pieces stand in them. Most of what a client sends is read by nobody, so
/// text is made only of what is asked for.
package struct RequestHead: Equatable, Sendable {
    package let method: HTTPMethod
    /// Everything up to and with the empty line.
    let bytes: [UInt8]
    private let targetPlaces: TargetPlaces
    private let fieldPlaces: [FieldPlace]
    private let hostPlace: Place

    init(_ line: RequestLine, fields: [FieldPlace], bytes: [UInt8]) throws(HTTPRefusal) {
        method = line.method
        targetPlaces = line.target
        fieldPlaces = fields
        self.bytes = bytes
        hostPlace = try Self.host(fields, bytes, authority: line.target.authority)
        try Self.refuseBody(fields, bytes)
    }

    package var target: RequestTarget { RequestTarget(targetPlaces, in: bytes) }

    /// The Host field: `name`, `name:port` or `[address]:port`.
    package var host: String { hostBytes.text }

    var hostBytes: Octets { bytes[hostPlace] }

    package var fields: [HTTPField] { fieldPlaces.map { HTTPField($0, in: bytes) } }

    private static func host(
        _ fields: [FieldPlace], _ bytes: [UInt8], authority: Place?
    ) throws(HTTPRefusal) -> Place {
        var values = FieldValues("host", fields, in: bytes)
        guard let host = values.next() else { throw .hostMissing }
        guard values.next() == nil else { throw .hostRepeated }
        guard Authority(host, defaultPort: nil) != nil else { throw .hostMalformed }
        if let authority, !bytes[authority].span.equalsIgnoringCase(host.span) { throw .hostMismatch }
        return Place(host)
    }

    private static func refuseBody(_ fields: [FieldPlace], _ bytes: [UInt8]) throws(HTTPRefusal) {
        var lengths = FieldValues("content-length", fields, in: bytes)
        if let length = lengths.next() {
            guard length.equals("0"), lengths.next() == nil else { throw .body }
        }
        var encodings = FieldValues("transfer-encoding", fields, in: bytes)
        guard encodings.next() == nil else { throw .body }
    }
}

// MARK: - Fields by name

extension RequestHead {
    /// The values of every field called `name`, in order; names ignore case.
    package func values(_ name: String) -> [String] { fieldValues(name).map(\.text) }

    /// The first value of the field called `name`.
    package func value(_ name: String) -> String? {
        var values = fieldValues(name)
        return values.next()?.text
    }

    /// The elements of a comma-separated field, over all its lines, without empty ones (RFC 9110, section 5.6.1).
    package func list(_ name: String) -> [String] { elements(name).map(\.text) }

    /// As ``values(_:)``, in place.
    func fieldValues(_ name: String) -> FieldValues { FieldValues(name, fieldPlaces, in: bytes) }

    /// As ``list(_:)``, in place.
    func elements(_ name: String) -> ListElements { ListElements(of: fieldValues(name)) }

    /// Whether `element` stands in the list `name`, in whatever case.
    func hasElement(_ name: String, _ element: String) -> Bool {
        for candidate in elements(name) where candidate.equalsIgnoringCase(element) { return true }
        return false
    }

    /// The value of a field that stands exactly once.
    func onlyValue(_ name: String) -> Octets? {
        let (name, fields, head) = (name.utf8.span, fieldPlaces.span, bytes.span)
        guard let index = fields.firstIndex(called: name, in: head, from: 0),
            fields.firstIndex(called: name, in: head, from: index &+ 1) == nil
        else { return nil }
        return bytes[fieldPlaces[index].value]
    }
}

/// The values of every field with one name, in order.
struct FieldValues: Sequence, IteratorProtocol {
    private let name: String
    private let fields: [FieldPlace]
    private let bytes: [UInt8]
    private var index = 0

    init(_ name: String, _ fields: [FieldPlace], in bytes: [UInt8]) {
        (self.name, self.fields, self.bytes) = (name, fields, bytes)
    }

    mutating func next() -> Octets? {
        guard let found = fields.span.firstIndex(called: name.utf8.span, in: bytes.span, from: index) else {
            return nil
        }
        index = found &+ 1
        return bytes[fields[found].value]
    }
}

/// The elements of a comma-separated field, over all its lines.
struct ListElements: Sequence, IteratorProtocol {
    private var values: FieldValues
    private var rest: Octets?

    init(of values: FieldValues) { self.values = values }

    mutating func next() -> Octets? {
        while let remaining = rest ?? values.next() {
            let (element, tail) = remaining.cut(at: UInt8(ascii: ","))
            rest = tail
            let trimmed = element.trimmed
            if !trimmed.isEmpty { return trimmed }
        }
        return nil
    }
}

extension Span<FieldPlace> {
    /// The next field called `name`; most names differ in length, so that is asked first.
    fileprivate func firstIndex(called name: Span<UInt8>, in head: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < count {
            let place = self[index].name
            if place.count == name.count, head.extracting(place.range).equalsIgnoringCase(name) {
                return index
            }
            index &+= 1
        }
        return nil
    }
}
