package import BelfryAPI
import BelfryProtocol
import HTTPTypes
import Hummingbird
import NIOCore

/// Who lets followers to a relay's journal.
package protocol EventService: KeyedService {
    /// Opens a stream.
    ///
    /// - Parameters:
    ///   - filter: What it shows.
    ///   - key: Whose it is; the stream ends with it.
    ///   - peer: The address of whoever asks.
    ///   - lastID: What the follower saw last, when it comes back.
    /// - Returns: `nil` when there are as many as may be, or the relay ends.
    func follow(
        _ filter: EntryFilter, by key: APIKey, from peer: String, after lastID: String?
    ) -> JournalStream?
}

/// `GET /events/stream`: key, scope, question, in this order, so that whoever has no key costs and learns nothing.
struct EventResponder: Sendable {
    let service: any EventService

    func answer(to request: Request, query: Substring, _ context: SidePortContext) -> Answer {
        guard request.method == .get else { return .onlyGet }
        let gate = KeyGate(service: service, thing: "event streams", path: "/events/stream")
        let key: APIKey
        do throws(KeyGate.Refusal) {
            key = try gate.key(of: request, from: context.peer)
        } catch {
            return error.answer
        }
        guard key.allowsEvents else { return gate.lacks("events", key, context.peer) }
        do throws(EntryFilter.Fault) {
            return open(try EntryFilter(parsing: query), key, request, context)
        } catch {
            return .apiError(.badRequest, .badRequest, error.message)
        }
    }

    private func open(
        _ filter: EntryFilter, _ key: APIKey, _ request: Request, _ context: SidePortContext
    ) -> Answer {
        let lastID = SidePortResponder.lastEventID(of: request)
        guard let stream = service.follow(filter, by: key, from: context.peer, after: lastID) else {
            return .busy
        }
        // Before the next beat would find out: there are few places.
        context.closed.whenComplete { [weak feed = stream.feed, number = stream.number] _ in
            feed?.leave(number)
        }
        return Answer(entries: stream)
    }
}
