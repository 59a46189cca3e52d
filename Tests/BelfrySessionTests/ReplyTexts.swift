import BelfryProtocol

/// The reply that carries an error, as clients read it.
func error(_ code: UInt32, id: Int = 2) -> String {
    let error = ErrorCode.all.first { $0.code == code }
    let temporary = error?.isTemporary == true ? #","temporary":true"# : ""
    return #"{"id":\#(id),"error":{"code":\#(code),"message":"\#(error?.message ?? "?")"\#(temporary)}}"#
}

/// The close, as the fixture writes it.
func close(_ code: UInt16) -> String {
    "close \(code) \(DisconnectCode.all.first { $0.code == code }?.reason ?? "?")"
}

/// The outcome of a command in short: `103` for an error reply, `close 3501`, or `ok`.
func outcome(_ heard: [String]) -> String {
    guard let last = heard.last else { return "silence" }
    if last.hasPrefix("close") { return last.split(separator: " ").prefix(2).joined(separator: " ") }
    guard let mark = last.firstRange(of: #""error":{"code":"#) else { return "ok" }
    return String(last[mark.upperBound...].prefix { $0.isNumber })
}
