import NIOCore
import NIOPosix

/// A client that sends exactly the bytes it is told to.
struct RawClient {
    struct Reply {
        let bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }
        var status: Int { Int(text.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") ?? 0 }
        var head: Substring { text.firstRange(of: "\r\n\r\n").map { text[..<$0.lowerBound] } ?? text[...] }
        var body: Substring { text.firstRange(of: "\r\n\r\n").map { text[$0.upperBound...] } ?? "" }
        var bodyBytes: [UInt8] {
            bytes.firstRange(of: Array("\r\n\r\n".utf8)).map { Array(bytes[$0.upperBound...]) } ?? []
        }

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
                    try channel.pipeline.syncOperations.addHandler(Speaker(bytes))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, _ in
            var all = ByteBuffer()
            do {
                for try await part in inbound { all.writeImmutableBuffer(part) }
            } catch is IOError, is ChannelError {}  // a reset ends the exchange as well as a close does
            return Reply(bytes: Array(all.readableBytesView))
        }
    }

    /// What comes first in answer to `bytes`; the connection is not waited for.
    func firstOfAnswer(to bytes: String) async throws -> Reply {
        var first: ByteBuffer?
        try await hold(bytes) { first = $0 }
        return Reply(bytes: Array((first ?? ByteBuffer()).readableBytesView))
    }

    /// Sends `bytes`, waits for the first of the answer, and holds the connection while `body` runs.
    func hold(_ bytes: String, while body: () async throws -> Void) async throws {
        try await hold(bytes) { (_: ByteBuffer?) in try await body() }
    }

    private func hold(_ bytes: String, _ body: (ByteBuffer?) async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: bytes))
            var answers = inbound.makeAsyncIterator()
            try await body(try await answers.next())
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

/// Says its words as soon as there is a connection.
///
/// On the event loop: a task may wait for its turn behind all other tests, and the server's short patience be over by then.
private final class Speaker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let words: String

    init(_ words: String) { self.words = words }

    func channelActive(context: ChannelHandlerContext) {
        if !words.isEmpty {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: words)), promise: nil)
        }
        context.fireChannelActive()
    }
}
