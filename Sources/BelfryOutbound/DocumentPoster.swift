import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

/// Posts small documents to addresses that the operator wrote down.
///
/// As ``DocumentFetcher``: one request on a connection of its own, on a thread of its own, no redirect, no proxy from the
/// environment, and an end in time. Of the answer only the status counts.
package final class DocumentPoster: Sendable {
    private let client = HTTPClient.cautious(deadline: DocumentFetcher.deadline)

    package init() {}

    /// - Parameters:
    ///   - document: JSON.
    ///   - address: `https://…` or `http://…`.
    ///   - headers: Further fields.
    /// - Returns: `nil` when the answer's status is 2xx, else why it is not.
    package func post(
        _ document: [UInt8], to address: String, headers: [(name: String, value: String)] = []
    ) async -> FetchFailure? {
        await withTaskGroup(of: FetchFailure?.self) { group in
            group.addTask { await self.send(document, to: address, headers) }
            // The client's own deadline ends with the head of the answer.
            group.addTask {
                try? await Task.sleep(for: DocumentFetcher.deadline)
                return .timedOut
            }
            let first = await group.next() ?? .timedOut
            group.cancelAll()
            return first
        }
    }

    private func send(
        _ document: [UInt8], to address: String, _ headers: [(name: String, value: String)]
    ) async -> FetchFailure? {
        var request = HTTPClientRequest(url: address)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "belfry")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: document))
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        request.tlsConfiguration = tls
        do {
            let answer = try await client.execute(request, timeout: TimeAmount(DocumentFetcher.deadline))
            _ = try await answer.body.collect(upTo: DocumentFetcher.byteCountMax)
            switch answer.status.code {
            case 200...299: return nil
            case 300...399: return .redirected(Int(answer.status.code))
            default: return .status(Int(answer.status.code))
            }
        } catch is NIOTooManyBytesError {
            return .tooLarge
        } catch {
            return FetchFailure(error)
        }
    }
}
