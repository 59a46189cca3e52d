/// What a connection's timers are for.
enum TimerKind {
    /// Handshake and request head, connect command, close handshake: whatever must be over by then.
    static let deadline: UInt16 = 0
    static let ping: UInt16 = 1
    static let pong: UInt16 = 2
    /// A token runs out.
    static let expiry: UInt16 = 3
    /// A full socket has taken nothing for too long.
    static let write: UInt16 = 4
    /// The next wave of a drain; of no connection.
    static let drain: UInt16 = 5
}
