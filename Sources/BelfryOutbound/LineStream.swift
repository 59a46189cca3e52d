import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Follows one answer that goes on, line by line.
///
/// It follows no redirect, reads no proxy from the environment, and ends when nothing has come for a while.
package enum LineStream {
    /// Why there are no lines, or no more.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// An answer of another status than 200, with the beginning of its text.
        case refused(status: Int, text: String)
        case failed(FetchFailure)
        /// Longer than ``lineBytesMax``.
        case lineTooLong

        package var description: String {
            switch self {
            case .refused(let status, let text): "status \(status): \(text)"
            case .failed(.timedOut): "nothing has come for too long"
            case .failed(let failure): "\(failure)"
            case .lineTooLong: "a line is longer than 1 MiB"
            }
        }
    }

    package static let lineBytesMax = 1 << 20
    /// Bytes of a refusal's text.
    private static let refusalBytesMax = 4_096

    private static func makeClient(_ silence: Duration) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.timeout.read = TimeAmount(silence)
        configuration.httpVersion = .http1Only
        configuration.maximumUsesPerConnection = 1
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1), configuration: configuration)
    }

    /// Gets the lines of an answer until it ends, or `take` has enough.
    ///
    /// - Parameters:
    ///   - address: `http://…` or `https://…`.
    ///   - headers: Names and values beside the usual ones.
    ///   - silence: Longest time without a byte.
    ///   - take: Called for each line, without its end; `false` ends it.
    /// - Throws: ``Failure``, or `CancellationError` when the task is cancelled.
    package static func follow(
        _ address: String, headers: [(name: String, value: String)], silence: Duration,
        _ take: @Sendable (_ line: [UInt8]) throws -> Bool
    ) async throws {
        let client = makeClient(silence)
        do {
            try await run(client, address, headers, take)
            try? await client.shutdown()
        } catch {
            try? await client.shutdown()
            if Task.isCancelled { throw CancellationError() }
            throw error as? Failure ?? Failure.failed(FetchFailure(error))
        }
    }

    private static func run(
        _ client: HTTPClient, _ address: String, _ headers: [(name: String, value: String)],
        _ take: @Sendable ([UInt8]) throws -> Bool
    ) async throws {
        var request = HTTPClientRequest(url: address)
        request.headers.add(name: "Accept", value: "text/event-stream")
        request.headers.add(name: "User-Agent", value: "belfry")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let answer = try await client.execute(request, deadline: .distantFuture)
        guard answer.status.code == 200 else { throw try await refusal(answer) }
        var line: [UInt8] = []
        for try await part in answer.body {
            for byte in part.readableBytesView {
                guard byte == 0x0A else {
                    guard line.count < lineBytesMax else { throw Failure.lineTooLong }
                    line.append(byte)
                    continue
                }
                guard try take(line) else { return }
                line.removeAll(keepingCapacity: true)
            }
        }
    }

    private static func refusal(_ answer: HTTPClientResponse) async throws -> Failure {
        var text: [UInt8] = []
        for try await part in answer.body {
            text += part.readableBytesView
            if text.count >= refusalBytesMax { break }
        }
        let words = String(decoding: text.prefix(refusalBytesMax), as: UTF8.self)
        return .refused(status: Int(answer.status.code), text: words)
    }
}
