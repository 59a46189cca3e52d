import BelfryAuth
import BelfryHub
import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfryStore
import BelfryTLS
import Dispatch
import Foundation
import Testing

@testable import BelfryServer

/// A real relay in this process, on a free port of the loopback, with certificates of its own.
final class RelayHouse {
    private static let secret = [UInt8](repeating: 0x5A, count: 32)
    static let certificates: String = {
        let root =
            FileManager.default.temporaryDirectory.path
            + "/belfry-house-\(ProcessInfo.processInfo.processIdentifier)"
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["bash", repository.appending(path: "certs/make-dev-certs.sh").path, root]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            fatalError("bash does not start: \(error)")
        }
        process.waitUntilExit()
        atexit { try? FileManager.default.removeItem(atPath: RelayHouse.certificates) }
        return root
    }()

    let relay: Relay
    private let journal: Journal
    let port: UInt16

    init(loops: Int = 2, _ change: (inout Configuration) -> Void = { _ in }) async throws {
        try ProcessSetup.ignoreBrokenPipes()
        var configuration = Configuration()
        configuration.server.listen = [ListenAddress(ip: .loopback, port: 0)]
        configuration.server.loops = loops
        configuration.tls.pair.certificate = Self.certificates + "/server.pem"
        configuration.tls.pair.privateKey = Self.certificates + "/server.key"
        configuration.auth.inlineSecret = Secret(Self.secret)
        configuration.limits.enabled = false
        configuration.history.store = .none
        // Nobody here answers pings.
        configuration.client.ping = .seconds(600)
        configuration.channels.withoutNamespace.allowSubscribeForClient = true
        change(&configuration)
        let null = FileHandle.nullDevice.fileDescriptor
        journal = try Journal(JournalSettings(mode: .stderr), standardError: null)
        relay = try await Self.start(configuration, journal)
        port = try #require(relay.addresses.first?.port)
    }

    /// A start waits for tasks: not on a thread that tasks may need, of which there are as many as cores.
    private static func start(_ configuration: Configuration, _ journal: Journal) async throws -> Relay {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        try Relay(
                            configuration, path: "belfry.yaml", application: .relay, journal: journal)
                    })
            }
        }
    }

    /// Ends it, and waits until every loop has ended.
    func close() {
        relay.drain(over: .zero)
        relay.loops.wait()
        relay.store?.close()
        journal.close(flushWithin: .seconds(2))
    }

    /// The process's own count of a metric.
    func metric(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        relay.refreshMetrics()
        return relay.registry.snapshot().value(name, labels)
    }

    /// A token with these claims, as JSON members.
    static func token(_ claims: String) -> String {
        let parts = [#"{"alg":"HS256","typ":"JWT"}"#, "{\(claims)}"].map { Base64.encode([UInt8]($0.utf8)) }
        let input = parts[0] + [UInt8(ascii: ".")] + parts[1]
        let code = Digest.hmacSHA256(input.span, key: secret.span)
        return String(decoding: input + [UInt8(ascii: ".")] + Base64.encode(code), as: UTF8.self)
    }

    static func token(user: String, _ more: String = "") -> String {
        token(#""sub":"\#(user)","exp":4000000000\#(more.isEmpty ? "" : ",")\#(more)"#)
    }

    /// A client that has finished its TLS handshake.
    func connection() throws -> HouseClient { try HouseClient(port: port) }

    /// A client that has its WebSocket.
    func client(bearer: String? = nil) throws -> HouseClient {
        let client = try connection()
        try client.upgrade(bearer: bearer)
        return client
    }

    /// A client that is connected by token.
    func member(user: String, _ more: String = "") throws -> HouseClient {
        let client = try client()
        let reply = try client.asks(#"{"id":1,"connect":{"token":"\#(Self.token(user: user, more))"}}"#)
        #expect(reply.hasPrefix(#"{"id":1,"connect""#), "\(reply)")
        return client
    }
}

/// A blocking client: every wait ends after 20 s, so that a broken relay fails instead of hanging.
final class HouseClient {
    struct Ended: Error {
        let what: String
    }

    private let socket: Int32
    private let context: TLSClientContext
    private var tls: TLSClientSession
    private var input: [UInt8] = []

    init(port: UInt16) throws {
        socket = try Self.connect(port)
        context = try TLSClientContext(caFile: RelayHouse.certificates + "/ca.pem")
        guard
            let session = TLSClientSession(
                context: context, host: "localhost", isAddress: false, descriptor: socket)
        else { throw Ended(what: "no session") }
        tls = session
        let step = tls.handshake()
        guard step == .done(byteCount: 0) else { throw Ended(what: "handshake: \(step)") }
    }

    deinit { Glibc.close(socket) }

    static func connect(_ port: UInt16) throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafeBytes(of: &address) {
            unsafe Glibc.connect(
                socket, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        guard result == 0 else { throw Ended(what: "connect: errno \(errno)") }
        return socket
    }

    func upgrade(bearer: String?) throws {
        var lines = [
            "GET /connection/websocket HTTP/1.1", "Host: localhost", "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        ]
        if let bearer { lines.append("Authorization: Bearer \(bearer)") }
        try write(Array((lines + ["", ""]).joined(separator: "\r\n").utf8))
        let mark = Array("\r\n\r\n".utf8)
        while true {
            if let end = input.firstRange(of: mark) {
                let head = String(decoding: input[..<end.lowerBound], as: UTF8.self)
                input.removeSubrange(..<end.upperBound)
                guard head.hasPrefix("HTTP/1.1 101") else { throw Ended(what: String(head.prefix(12))) }
                return
            }
            try fill()
        }
    }

    private func write(_ bytes: [UInt8]) throws {
        guard case .done(bytes.count) = tls.write(bytes[...]) else { throw Ended(what: "write") }
    }

    private func fill() throws {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        guard case .done(let count) = tls.read(into: &buffer) else { throw Ended(what: "closed") }
        input += buffer[..<count]
    }

    /// Sends one message; the mask of zeros leaves it as it is.
    func says(_ text: String) throws {
        let payload = Array(text.utf8)
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)]
            : [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        try write([0x81] + length + [0, 0, 0, 0] + payload)
    }

    func asks(_ text: String) throws -> String {
        try says(text)
        return try hears()
    }

    /// The next message: its text, or `close 3503`.
    func hears() throws -> String {
        while true {
            if let (opcode, payload) = nextFrame() {
                guard opcode == 8 else { return String(decoding: payload, as: UTF8.self) }
                guard payload.count >= 2 else { return "close" }
                return "close \(UInt16(payload[0]) << 8 | UInt16(payload[1]))"
            }
            try fill()
        }
    }

    private func nextFrame() -> (UInt8, [UInt8])? {
        guard input.count >= 2 else { return nil }
        var start = 2
        var count = Int(input[1] & 0x7F)
        if count == 126 {
            guard input.count >= 4 else { return nil }
            count = Int(input[2]) << 8 | Int(input[3])
            start = 4
        }
        guard input.count >= start + count else { return nil }
        let frame = (input[0] & 0x0F, Array(input[start..<start + count]))
        input.removeSubrange(..<(start + count))
        return frame
    }
}
