/// What was agreed on when permessage-deflate was (RFC 7692, section 7).
///
/// Neither side takes its context over: the server may ask for that whatever the client offers (sections 7.1.1.1 and
/// 7.1.1.2), and without it every connection would cost a state of its own, and every broadcast one compression a
/// receiver.
package struct DeflateAgreement: Equatable, Sendable {
    /// The largest LZ77 window, in bits from 8 to 15, that the client will inflate with; `nil` for 15, which goes without
    /// saying.
    package let serverWindowBits: UInt8?

    package init(serverWindowBits: UInt8?) { self.serverWindowBits = serverWindowBits }

    /// Longest payload that may be sent compressed.
    ///
    /// What is no longer than a window can not refer beyond it, so one compressor with the largest window serves clients
    /// with every other.
    package var payloadBytesMax: Int {
        guard let serverWindowBits, serverWindowBits < 15 else { return .max }
        return 1 &<< Int(serverWindowBits)
    }

    /// The element of Sec-WebSocket-Extensions that says so.
    var element: String {
        let window = serverWindowBits.map { "; \(Parameter.serverWindow.rawValue)=\($0)" } ?? ""
        return "\(Self.name); \(Parameter.serverReset.rawValue); \(Parameter.clientReset.rawValue)\(window)"
    }

    /// The client's first offer that can be accepted.
    ///
    /// Offers with anything wrong are declined, as section 7.1 asks. So is a field that breaks the grammar as a whole:
    /// switching compression on must turn nobody away.
    static func first(in head: RequestHead) -> DeflateAgreement? {
        do throws(MalformedExtensions) {
            var agreement: DeflateAgreement?
            for value in head.fieldValues(field) {
                var offers = ExtensionOffers(value)
                while let offer = try offers.next() { agreement = agreement ?? DeflateAgreement(offer) }
            }
            return agreement
        } catch {
            return nil
        }
    }

    static let field = "sec-websocket-extensions"
    private static let name = "permessage-deflate"

    private enum Parameter: String, CaseIterable {
        case serverReset = "server_no_context_takeover"
        case clientReset = "client_no_context_takeover"
        case serverWindow = "server_max_window_bits"
        case clientWindow = "client_max_window_bits"
    }

    /// - Returns: `nil` for an unknown parameter, one that stands twice, and a value that is missing, superfluous or out
    ///   of range.
    private init?(_ offer: ExtensionOffer) {
        guard offer.name.equals(Self.name) else { return nil }
        var seen: [Parameter] = []
        var window: UInt8?
        for (name, value) in offer.parameters.map({ ($0.name, $0.value) }) {
            guard let parameter = Parameter.allCases.first(where: { name.equals($0.rawValue) }),
                !seen.contains(parameter)
            else { return nil }
            seen.append(parameter)
            switch (parameter, value) {
            case (.serverReset, nil), (.clientReset, nil), (.clientWindow, nil): break
            case (.clientWindow, let bits?): guard Self.windowBits(bits) != nil else { return nil }
            case (.serverWindow, let bits?):
                guard let bits = Self.windowBits(bits) else { return nil }
                window = bits
            case (.serverReset, _), (.clientReset, _), (.serverWindow, nil): return nil
            }
        }
        self.init(serverWindowBits: window)
    }

    /// A decimal number from 8 to 15 without leading zeros (section 7.1.2).
    private static func windowBits(_ text: Octets) -> UInt8? {
        (8...15).first { text.equals(String($0)) }
    }
}
