/// The opening handshake, client side (RFC 6455, section 4.1).
///
/// Key and answer are the pair of section 1.3: the key keeps caches from replaying answers, and guards no
/// secret.
enum Upgrade {
    static func request(_ target: BenchTarget) -> [UInt8] {
        request(target.path, target.authority, origin: nil)
    }

    static func request(_ path: String, _ authority: String, origin: String?) -> [UInt8] {
        var lines = [
            "GET \(path) HTTP/1.1", "Host: \(authority)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: centrifuge-json",
        ]
        if let origin { lines.append("Origin: \(origin)") }
        return Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    }

    /// - `head`: To the empty line, included.
    static func check(_ head: ArraySlice<UInt8>) throws(Ending) {
        let text = String(decoding: head, as: UTF8.self)
        guard let status = status(text) else { throw Ending("not an HTTP answer") }
        guard status == 101 else { throw Ending("HTTP \(status)") }
        let accepts = text.split(separator: "\r\n").dropFirst().contains { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 && parts[0].lowercased() == "sec-websocket-accept"
                && parts[1].drop { $0 == " " } == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        }
        guard accepts else { throw Ending("wrong Sec-WebSocket-Accept") }
    }

    private static func status(_ text: String) -> Int? {
        guard text.hasPrefix("HTTP/1.1 ") else { return nil }
        let digits = text.dropFirst("HTTP/1.1 ".count).prefix(3)
        return digits.count == 3 && digits.allSatisfy(\.isNumber) ? Int(digits) : nil
    }
}
