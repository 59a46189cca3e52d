import NIOCore
import NIOPosix

/// A client that sends exactly the bytes it is told to.
struct RawClient {
    struct Reply {
        let text: String

        var status: Int { Int(text.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") ?? 0 }
        var head: Substring { text.firstRange(of: "\r\n\r\n").map { text[..<$0.lowerBound] } ?? text[...] }
        var body: Substring { text.firstRange(of: "\r\n\r\n").map { text[$0.upperBound...] } ?? "" }

        func header(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { continue }
                return parts[1].trimmingPrefix(" ").description
            }
            return nil
        }
    }

    let port: Int

    /// Sends `bytes` and reads until the server closes.
    func exchange(_ bytes: String) async throws -> Reply {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            if !bytes.isEmpty { try await outbound.write(ByteBuffer(string: bytes)) }
            var all = ByteBuffer()
            do {
                for try await part in inbound { all.writeImmutableBuffer(part) }
            } catch is IOError {}  // a reset ends the exchange as well as a close does
            return Reply(text: String(buffer: all))
        }
    }

    /// One ordinary request on a connection of its own.
    func get(_ path: String, method: String = "GET", host: String = "localhost", _ fields: String...)
        async throws -> Reply
    {
        let extra = fields.map { $0 + "\r\n" }.joined()
        return try await exchange(
            "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\(extra)\r\n")
    }
}
