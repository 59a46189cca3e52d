package import BelfryObserve
package import Foundation

/// One connection, open or closed, as an operator sees it.
///
/// Named after OpenTelemetry's attributes where it has any.
///
/// Holds no token, no message, and the user only as a pseudonym.
package struct ConnectionRecord: Sendable {
    package enum State: String, Sendable, CaseIterable, Encodable {
        case open
        case closed
    }

    /// Who ended it and why; `code` is the WebSocket close code, where there was one.
    package struct Close: Sendable {
        package var by: ClosedBy
        package var reason: CloseReason
        package var code: UInt16?

        package init(by: ClosedBy, reason: CloseReason, code: UInt16? = nil) {
            self.by = by
            self.reason = reason
            self.code = code
        }
    }

    package struct Traffic: Sendable {
        package var messages: UInt64 = 0
        package var bytes: UInt64 = 0

        package init(messages: UInt64 = 0, bytes: UInt64 = 0) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    package var id: String
    /// Where it stands, or stood when it ended.
    package var stage: ConnectionStage
    /// The pseudonym of the journal's SUBJECT; empty before authentication and for anonymous users.
    package var subject: String
    package var address: String
    package var port: UInt16
    package var tlsVersion: String
    package var tlsCipher: String
    /// What the client calls itself: already bounded by the protocol.
    package var clientName: String
    package var started: Date
    package var lastActivity: Date
    /// So far, or until it closed.
    package var duration: Duration
    package var received = Traffic()
    package var sent = Traffic()
    package var queueBytes: UInt64 = 0
    package var roomCount: Int = 0
    /// `nil` while it is open.
    package var close: Close?

    package init(
        id: String, stage: ConnectionStage, subject: String, address: String, port: UInt16,
        tlsVersion: String,
        tlsCipher: String, clientName: String, started: Date, lastActivity: Date, duration: Duration
    ) {
        self.id = id
        self.stage = stage
        self.subject = subject
        self.address = address
        self.port = port
        self.tlsVersion = tlsVersion
        self.tlsCipher = tlsCipher
        self.clientName = clientName
        self.started = started
        self.lastActivity = lastActivity
        self.duration = duration
    }

    package var state: State { close == nil ? .open : .closed }
}

extension ConnectionRecord: Encodable {
    private enum Key: String, CodingKey {
        case id, state, stage, started, duration = "duration_seconds", lastActivity = "last_activity", rooms
        case subject = "user.hash"
        case address = "client.address"
        case port = "client.port"
        case tlsVersion = "tls.protocol.version"
        case tlsCipher = "tls.cipher"
        case clientName = "client.name"
        case messagesReceived = "messages.received"
        case messagesSent = "messages.sent"
        case bytesReceived = "bytes.received"
        case bytesSent = "bytes.sent"
        case queueBytes = "queue.bytes"
        case closedBy = "close.by"
        case closeReason = "close.reason"
        case closeCode = "close.code"
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(state, forKey: .state)
        try fields.encode(stage.label, forKey: .stage)
        try fields.encode(subject, forKey: .subject)
        try fields.encode(address, forKey: .address)
        try fields.encode(port, forKey: .port)
        try fields.encode(tlsVersion, forKey: .tlsVersion)
        try fields.encode(tlsCipher, forKey: .tlsCipher)
        try fields.encode(clientName, forKey: .clientName)
        try fields.encode(started.internetText, forKey: .started)
        try fields.encode(lastActivity.internetText, forKey: .lastActivity)
        try fields.encode(duration.milliseconds / 1000, forKey: .duration)
        try fields.encode(received.messages, forKey: .messagesReceived)
        try fields.encode(sent.messages, forKey: .messagesSent)
        try fields.encode(received.bytes, forKey: .bytesReceived)
        try fields.encode(sent.bytes, forKey: .bytesSent)
        try fields.encode(queueBytes, forKey: .queueBytes)
        try fields.encode(roomCount, forKey: .rooms)
        guard let close else { return }
        try fields.encode(close.by.label, forKey: .closedBy)
        try fields.encode(close.reason.label, forKey: .closeReason)
        try fields.encodeIfPresent(close.code, forKey: .closeCode)
    }
}

extension Date {
    /// RFC 3339 with milliseconds, in UTC.
    fileprivate var internetText: String {
        formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension Duration {
    /// Whole milliseconds, as a number that JSON can divide.
    fileprivate var milliseconds: Double {
        Double(components.seconds &* 1000 &+ components.attoseconds / 1_000_000_000_000_000)
    }
}
