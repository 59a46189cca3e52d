import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

/// Fetches small documents from addresses that the operator wrote down.
///
/// Each fetch is one GET on a connection of its own, on a thread that belongs to no event loop of ours. It follows no
/// redirect, offers no compression, reads no proxy from the environment, and ends in time.
package final class DocumentFetcher: Sendable {
    /// Whose certificates are believed.
    package enum Roots: Hashable, Sendable {
        /// What the system trusts.
        case system
        /// The authorities in this PEM file and no others.
        case file(String)
    }

    /// A JWK set of six RSA keys with their chains has 15 KiB.
    package static let byteCountMax = 65_536
    /// From the name's resolution to the last byte.
    package static let deadline = Duration.seconds(3)

    private let client = HTTPClient.cautious(deadline: DocumentFetcher.deadline)

    package init() {}

    /// - Parameters:
    ///   - address: `https://…`, or `http://…` where the caller has seen to it that nobody can listen.
    ///   - roots: Whose certificates are believed.
    /// - Returns: The body of an answer of status 200, of any type.
    package func document(
        at address: String, trusting roots: Roots
    ) async -> Result<[UInt8], FetchFailure> {
        await withTaskGroup(of: Result<[UInt8], FetchFailure>.self) { group in
            group.addTask { await self.load(address, roots) }
            // The client's own deadline ends with the head of the answer.
            group.addTask {
                try? await Task.sleep(for: Self.deadline)
                return .failure(.timedOut)
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .failure(.timedOut)
        }
    }

    private func load(_ address: String, _ roots: Roots) async -> Result<[UInt8], FetchFailure> {
        do {
            return .success(try await body(of: address, roots))
        } catch let failure as FetchFailure {
            return .failure(failure)
        } catch {
            return .failure(FetchFailure(error))
        }
    }

    private func body(of address: String, _ roots: Roots) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: address)
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "belfry")
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if case .file(let path) = roots { tls.trustRoots = .file(path) }
        request.tlsConfiguration = tls
        let answer = try await client.execute(request, timeout: TimeAmount(Self.deadline))
        switch answer.status.code {
        case 200: break
        case 300...399: throw FetchFailure.redirected(Int(answer.status.code))
        default: throw FetchFailure.status(Int(answer.status.code))
        }
        do {
            return Array(buffer: try await answer.body.collect(upTo: Self.byteCountMax))
        } catch is NIOTooManyBytesError {
            throw FetchFailure.tooLarge
        }
    }
}
