import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import BelfrySidePort

@Suite("Connection deadlines")
struct ConnectionDeadlinesTests {
    let channel = EmbeddedChannel()
    let request = HTTPRequestPart.head(
        HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/"))
    let answer = HTTPResponsePart.head(HTTPResponse(status: .ok))

    init() throws {
        var limits = SidePortConfiguration.Limits()
        limits.headTime = .seconds(5)
        limits.answerTime = .seconds(10)
        try channel.pipeline.syncOperations.addHandler(
            ConnectionDeadlines(limits, APIConnections(limit: 1) {}))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func advance(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

    @Test func `the first head has its time, to the second`() {
        advance(4)
        #expect(channel.isActive)
        advance(1)
        #expect(!channel.isActive)
    }

    @Test func `a head in time lifts the deadline`() throws {
        try channel.writeInbound(request)
        advance(3600)
        #expect(channel.isActive)
    }

    @Test func `a body goes no further`() throws {
        try channel.writeInbound(request)
        for _ in 0..<100 {
            try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(repeating: 0, count: 1000)))
        }
        try channel.writeInbound(HTTPRequestPart.end(nil))
        #expect(try channel.readInbound(as: HTTPRequestPart.self) == request)
        #expect(try channel.readInbound(as: HTTPRequestPart.self) == .end(nil))
        #expect(try channel.readInbound(as: HTTPRequestPart.self) == nil)
    }

    @Test func `an answer that is not taken ends the connection`() throws {
        try channel.writeInbound(request)
        channel.write(answer, promise: nil)  // written, but never flushed: a client that does not read
        channel.write(HTTPResponsePart.end(nil), promise: nil)
        advance(9)
        #expect(channel.isActive)
        advance(1)
        #expect(!channel.isActive)
    }

    @Test func `an answer that is taken lifts the deadline`() throws {
        try channel.writeInbound(request)
        try channel.writeOutbound(answer)
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        advance(3600)
        #expect(channel.isActive)
    }
}
