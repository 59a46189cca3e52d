/// A request head that kept all the rules of RFC 9112 a server without bodies cares about.
package struct RequestHead: Equatable, Sendable {
    package let method: HTTPMethod
    package let target: RequestTarget
    /// The Host field: `name`, `name:port` or `[address]:port`.
    package let host: String
    package let fields: [HTTPField]

    init(method: HTTPMethod, target: RequestTarget, fields: [HTTPField]) throws(HTTPRefusal) {
        self.method = method
        self.target = target
        self.fields = fields
        host = try Self.host(in: fields, target)
        try Self.refuseBody(fields)
    }

    /// The values of every field called `name`, in order; names ignore case.
    package func values(_ name: String) -> [String] {
        fields.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
    }

    /// The first value of the field called `name`.
    package func value(_ name: String) -> String? {
        fields.first { $0.name.equalsIgnoringCase(name) }?.value
    }

    /// The elements of a comma-separated field, over all its lines, without empty ones (RFC 9110, section 5.6.1).
    package func list(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: ",") }.map(\.trimmed).filter { !$0.isEmpty }
    }

    private static func host(in fields: [HTTPField], _ target: RequestTarget) throws(HTTPRefusal) -> String {
        let hosts = fields.filter { $0.name.equalsIgnoringCase("host") }
        guard let host = hosts.first?.value else { throw .hostMissing }
        guard hosts.count == 1 else { throw .hostRepeated }
        guard Authority(host, defaultPort: nil) != nil else { throw .hostMalformed }
        if let authority = target.authority, !authority.equalsIgnoringCase(host) { throw .hostMismatch }
        return host
    }

    private static func refuseBody(_ fields: [HTTPField]) throws(HTTPRefusal) {
        let lengths = fields.filter { $0.name.equalsIgnoringCase("content-length") }
        guard lengths.count <= 1, lengths.allSatisfy({ $0.value == "0" }) else { throw .body }
        guard !fields.contains(where: { $0.name.equalsIgnoringCase("transfer-encoding") }) else {
            throw .body
        }
    }
}
