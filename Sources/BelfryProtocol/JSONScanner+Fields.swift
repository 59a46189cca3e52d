// The keys of each object (protocol.md 5). A case added here asks for its line in the decoder.

/// In the order in which requests win (protocol.md 4, rule 4).
enum CommandField: String, WireField {
    case id, connect, subscribe, unsubscribe, publish, presence
    case presenceStats = "presence_stats"
    case history, rpc, send, refresh
    case subRefresh = "sub_refresh"
    case ping

    static let table = FieldTable<Self>()
}

enum ConnectField: String, WireField {
    case token, data, subs, name, version, headers, flag, dict, profile

    static let table = FieldTable<Self>()
}

enum SubscribeField: String, WireField {
    case channel, token, recover, epoch, offset, data, positioned, recoverable
    case joinLeave = "join_leave"
    case delta
    case tagsFilter = "tf"
    case flag, type, phase, cursor, limit
    case ascending = "asc"

    static let table = FieldTable<Self>()
}

enum FilterField: String, WireField {
    case op, key, cmp, val, vals, nodes

    static let table = FieldTable<Self>()
}

enum ChannelField: String, WireField {
    case channel

    static let table = FieldTable<Self>()
}

enum PublishField: String, WireField {
    case channel, data, type, key, removed

    static let table = FieldTable<Self>()
}

enum HistoryField: String, WireField {
    case channel, limit, since, reverse

    static let table = FieldTable<Self>()
}

enum PositionField: String, WireField {
    case offset, epoch

    static let table = FieldTable<Self>()
}

/// Of `rpc` and `send`.
enum CallField: String, WireField {
    case data, method

    static let table = FieldTable<Self>()
}

/// Of `refresh` and `sub_refresh`.
enum RefreshField: String, WireField {
    case channel, token, type

    static let table = FieldTable<Self>()
}
