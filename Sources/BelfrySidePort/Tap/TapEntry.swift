import BelfryObserve
import BelfryProtocol

/// What a tap shows: one fact about the user or the channel that is followed.
package struct TapEntry: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case begin, end
        /// The relay left entries out, since there were too many in one second.
        case leftOut = "left_out"
        /// A connection of the user was there when the tap began.
        case present
        case connected, closed
        /// A token that names the user was refused.
        case tokenRefused = "token_refused"
        case command, reply, push
        /// A subscription began, or ended.
        case joined, left
        /// What a client may not do, with the reason that it is not told.
        case denied
        /// A command about the channel was answered with an error.
        case refused
        /// The channel's home was asked to publish.
        case publish
        /// A loop has queued a publication for the channel's members there.
        case publication

        /// Whether it came from a client or went to clients; `nil` for neither.
        package var isInbound: Bool? {
            switch self {
            case .command, .publish: true
            case .reply, .push, .publication, .refused: false
            default: nil
            }
        }
    }

    /// A member of the entry's object.
    package enum Value: Sendable {
        /// Text that may come from a peer: written without tokens, control characters or changes of direction.
        case text(String)
        case number(UInt64)
        case flag(Bool)
    }

    /// Bytes of a message's content that are shown at most.
    package static let bodyBytesMax = 4_096
    /// Bytes of any other text: a channel's name may have 255.
    private static let textBytesMax = 1_024
    /// Bytes of a body that are looked at: a token that begins in what is shown must be seen to its end.
    private static let bodyBytesRead = 16_384

    package let kind: Kind
    /// Milliseconds since 1970.
    package let time: Int64
    private var members: [(name: String, value: Value)] = []

    package init(_ kind: Kind, at time: Int64) {
        self.kind = kind
        self.time = time
    }

    package mutating func add(_ name: String, _ text: String?) {
        if let text, !text.isEmpty { members.append((name, .text(text))) }
    }

    package mutating func add(_ name: String, _ number: (some BinaryInteger)?) {
        if let number { members.append((name, .number(UInt64(clamping: number)))) }
    }

    package mutating func add(_ name: String, _ flag: Bool) { members.append((name, .flag(flag))) }

    /// Adds a message's content: its beginning, and how long it is.
    package mutating func add(body: [UInt8]) {
        add("body_bytes", body.count)
        let text = String(decoding: body.prefix(Self.bodyBytesRead), as: UTF8.self)
        var shown: [UInt8] = []
        let isWhole = SafeText.append(text, limit: Self.bodyBytesMax, to: &shown)
        members.append(("body", .text(String(decoding: shown, as: UTF8.self))))
        if !isWhole || body.count > Self.bodyBytesRead { add("body_cut", true) }
    }

    /// The entry as one JSON object, in one line.
    package var json: [UInt8] {
        var output: [UInt8] = []
        output.appendObject { output in
            output.appendRequired("time_ms", number: UInt64(clamping: time))
            output.appendRequired("type", text: kind.rawValue)
            if let isInbound = kind.isInbound {
                output.appendRequired("direction", text: isInbound ? "in" : "out")
            }
            for (name, value) in members { Self.append(name, value, to: &output) }
        }
        return output
    }

    private static func append(_ name: String, _ value: Value, to output: inout [UInt8]) {
        switch value {
        case .number(let number): output.appendRequired(name, number: number)
        case .flag(let flag): output.appendRequired(name, flag: flag)
        // It has been made safe, and would have its backslashes doubled once more.
        case .text(let text) where name == "body": output.appendRequired(name, text: text)
        case .text(let text):
            output.appendRequired(name, text: SafeText.string(text, limit: textBytesMax))
        }
    }
}
