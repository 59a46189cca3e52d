import BelfryAPI
import BelfryProtocol
import HTTPTypes
import Hummingbird
import NIOCore

/// Who lets taps into a relay; without a key there are none.
package protocol TapService: KeyedService {
    /// Opens a tap.
    ///
    /// - Parameters:
    ///   - request: Whom it follows.
    ///   - actor: The name of the key.
    ///   - peer: The address of whoever asks.
    /// - Returns: What it shows from now on; `nil` when there are as many as may be, or the relay ends.
    func open(_ request: TapRequest, by actor: String, from peer: String) -> TapStream?
}

/// `GET /tap`: key, scope, question, in this order, so that whoever has no key costs and learns nothing.
struct TapResponder: Sendable {
    let service: any TapService

    private var gate: KeyGate { KeyGate(service: service, thing: "taps", path: "/tap") }

    func answer(to request: Request, query: Substring, _ context: SidePortContext) -> Answer {
        guard request.method == .get else { return .onlyGet }
        let key: APIKey
        do throws(KeyGate.Refusal) {
            key = try gate.key(of: request, from: context.peer)
        } catch {
            return error.answer
        }
        guard key.allowsTap(withBodies: false) else { return gate.lacks("tap", key, context.peer) }
        do throws(TapRequest.Fault) {
            return open(try TapRequest(parsing: query), key, context)
        } catch {
            return .apiError(.badRequest, .badRequest, error.message)
        }
    }

    private func open(_ request: TapRequest, _ key: APIKey, _ context: SidePortContext) -> Answer {
        guard key.allowsTap(withBodies: request.showsBodies) else {
            return gate.lacks("tap_bodies", key, context.peer)
        }
        guard let stream = service.open(request, by: key.name, from: context.peer) else {
            return .tooManyTaps
        }
        // Before the next comment would find out: there are few places.
        context.closed.whenComplete { [weak feed = stream.feed] _ in feed?.end(.gone) }
        return Answer(tap: stream)
    }
}

extension Answer {
    fileprivate static var tooManyTaps: Answer {
        var answer = apiError(
            .serviceUnavailable, .limitExceeded, "as many taps as may be are open, or the relay ends")
        answer.headers[.retryAfter] = "10"
        return answer
    }

    /// Of streams, which a HEAD would only open.
    static var onlyGet: Answer {
        var answer = apiError(.methodNotAllowed, .badRequest, "GET")
        answer.headers[.allow] = "GET"
        return answer
    }
}
