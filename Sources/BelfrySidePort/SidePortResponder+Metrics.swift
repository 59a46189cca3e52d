import BelfryDeflate
import BelfryObserve
import Foundation
import HTTPTypes

// One page of numbers: which text, which families, which coding.

extension SidePortResponder {
    /// Names that one scrape may give.
    private static let namesMax = 64

    func metrics(_ fields: HTTPFields, _ query: Substring) async -> Answer {
        guard let names = Self.names(query) else {
            return .text(
                .badRequest, "name[] is percent-encoded UTF-8, and stands at most \(Self.namesMax) times")
        }
        let format = ExpositionFormat(accept: fields[values: .accept].joined(separator: ","))
        let takesGzip = ContentCoding.takesGzip(fields[values: .acceptEncoding].joined(separator: ","))
        let made = await pages.pass {
            let page = await source.metrics(format, only: names.isEmpty ? nil : names)
            return (page, takesGzip ? Gzip.compressed(page) : nil)
        }
        guard let (page, file) = made else { return .busy }
        var answer = Answer(.ok, format.contentType, file ?? page)
        answer.headers[.vary] = "Accept, Accept-Encoding"
        if file != nil { answer.headers[.contentEncoding] = "gzip" }
        return answer
    }

    /// The values of `name[]`, as the client libraries of Prometheus take it; `nil` when they cannot be taken.
    ///
    /// Whatever else the query holds is the scraper's own.
    static func names(_ query: Substring) -> Set<String>? {
        var names: Set<String> = []
        var count = 0
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts[0].removingPercentEncoding == "name[]" else { continue }
            guard let name = parts.count == 2 ? parts[1].removingPercentEncoding : "" else { return nil }
            count += 1
            guard count <= namesMax else { return nil }
            names.insert(name)
        }
        return names
    }
}
