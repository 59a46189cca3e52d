import HTTPTypes
import Hummingbird

// What the console lives on.

extension SidePortResponder {
    func status() -> Answer {
        guard let report = source.status() else { return .busy }
        return Answer(.ok, "application/json", report.json() + [UInt8(ascii: "\n")])
    }

    func top() async -> Answer {
        guard let report = await pages.pass({ await source.top() }) else { return .busy }
        return .json(.ok, report)
    }

    /// What a follower saw last, when it comes back.
    static func lastEventID(of request: Request) -> String? {
        HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
    }
}
