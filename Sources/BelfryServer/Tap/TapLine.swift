/// One entry as a person reads it: time, arrow, what, about what, how much, and the rest by name.
///
/// `12:00:01.250Z --> command publish #3 chat:lobby 54 B client=8f0c…`; an arrow to the right is on its way to the relay.
struct TapLine: Decodable {
    let timeMs: Int64
    let type: String
    var direction: String?
    var command: String?
    var push: String?
    var action: String?
    var id: UInt32?
    var channel: String?
    var offset: UInt64?
    var bytes: UInt64?
    var code: UInt32?
    var reason: String?
    var count: UInt64?
    var leftOut: UInt64?
    var seconds: UInt64?
    var publications: UInt64?
    var recipients: UInt64?
    var loop: Int?
    var by: String?
    var method: String?
    var address: String?
    var codec: String?
    var sdk: String?
    var tls: String?
    var channels: Int?
    var durationMs: UInt64?
    var client: String?
    var user: String?
    var ofClient: String?
    var ofUser: String?
    var token: Bool?
    var claimed: Bool?
    var patch: Bool?
    var bodies: Bool?
    var body: String?
    var bodyBytes: UInt64?
    var bodyCut: Bool?

    enum CodingKeys: String, CodingKey {
        case timeMs = "time_ms"
        case leftOut = "left_out"
        case durationMs = "duration_ms"
        case ofClient = "of_client"
        case ofUser = "of_user"
        case bodyBytes = "body_bytes"
        case bodyCut = "body_cut"
        case type, direction, command, push, action, id, channel, offset, bytes, code, reason, count, seconds
        case publications, recipients, loop, by, method, address, codec, sdk, tls, channels, client, user
        case token, claimed, patch, bodies, body
    }

    var text: String {
        let arrow = direction == "in" ? "-->" : direction == "out" ? "<--" : "---"
        return ([time, arrow, type] + what + details + content).joined(separator: " ")
    }

    /// Of the day, in UTC, as the journal's own entries can be looked up.
    private var time: String {
        func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let ofDay = (timeMs % 86_400_000 + 86_400_000) % 86_400_000
        let (second, millisecond) = (ofDay / 1_000, ofDay % 1_000)
        return digits(second / 3_600, 2) + ":" + digits(second / 60 % 60, 2) + ":" + digits(second % 60, 2)
            + "." + digits(millisecond, 3) + "Z"
    }

    private var what: [String] {
        [
            command, push, action, id.flatMap { $0 == 0 ? nil : "#\($0)" }, channel,
            offset.map { "offset \($0)" }, bytes.map { "\($0) B" },
        ].compactMap { $0 } + outcome
    }

    private var outcome: [String] {
        if let code { return ["code \(code)"] + (reason.map { ["(\($0))"] } ?? []) }
        if let reason { return ["(\(reason))"] }
        return type == "reply" ? ["ok"] : []
    }

    private var details: [String] {
        let numbers: [(String, UInt64?)] = [
            ("publications", publications), ("recipients", recipients), ("count", count),
            ("left_out", leftOut), ("seconds", seconds), ("loop", loop.map { UInt64(clamping: $0) }),
            ("channels", channels.map { UInt64(clamping: $0) }), ("duration_ms", durationMs),
        ]
        let texts: [(String, String?)] = [
            ("by", by), ("method", method), ("address", address), ("codec", codec), ("sdk", sdk),
            ("tls", tls), ("client", client), ("user", user), ("of_client", ofClient), ("of_user", ofUser),
        ]
        let flags: [(String, Bool?)] = [
            ("token", token), ("claimed", claimed), ("patch", patch), ("bodies", bodies),
        ]
        return numbers.compactMap { name, value in value.map { "\(name)=\($0)" } }
            + texts.compactMap { name, value in value.map { "\(name)=\($0)" } }
            + flags.compactMap { name, value in value == true ? name : nil }
    }

    private var content: [String] {
        guard let body else { return [] }
        return ["body (\(bodyBytes ?? 0) B\(bodyCut == true ? ", cut" : "")): \(body)"]
    }
}
