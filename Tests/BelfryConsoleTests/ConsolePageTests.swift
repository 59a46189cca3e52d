import BelfryConsole
import Testing

/// What the side port's policy for the page takes for granted.
@Suite("The console page")
struct ConsolePageTests {
    static let document = ConsolePage.document

    /// What stands between a tag and its end, for each element of that name.
    private func contents(of element: String) -> [String] {
        Self.document.split(separator: "<\(element)", omittingEmptySubsequences: false).dropFirst().map {
            rest in
            let content = rest.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)[1]
            return String(content.split(separator: "</\(element)>", omittingEmptySubsequences: false)[0])
        }
    }

    @Test func `there is one style and one script, and both are those the policy names`() {
        #expect(contents(of: "style") == [ConsolePage.style])
        #expect(contents(of: "script") == [ConsolePage.script])
    }

    @Test func `style and script hold nothing that would end their element early`() {
        for text in [ConsolePage.style, ConsolePage.script] {
            #expect(!text.lowercased().contains("</"))
            #expect(!text.contains("<!--"))
        }
        #expect(ConsolePage.style.utf8.count > 1_000 && ConsolePage.script.utf8.count > 1_000)
    }

    @Test func `there is one place for the figures of those who run no script`() {
        #expect(Self.document.ranges(of: ConsolePage.noscriptMark).count == 1)
    }

    @Test func `nothing comes from elsewhere`() {
        let named = ["http://www.w3.org/2000/svg"]  // a name, which nobody fetches
        let rest = named.reduce(Self.document) { $0.replacing($1, with: "") }
        for outside in ["http:", "https:", "//cdn", "@import", "url(", "import("] {
            #expect(!rest.contains(outside), "\(outside)")
        }
    }

    @Test(arguments: [
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
        "DOMParser", "setAttribute(\"style", "javascript:", "setTimeout(\"", "srcdoc",
    ])
    func `no text becomes markup or script`(way: String) {
        #expect(!ConsolePage.script.contains(way))
    }

    @Test func `no handler and no style stands in an attribute, where the policy would refuse it`() {
        let markup = [ConsolePage.style, ConsolePage.script].reduce(Self.document) {
            $0.replacing($1, with: "")
        }
        #expect(!markup.contains(" style=") && !markup.contains(" on"))
    }

    @Test(arguments: [
        "/metrics", "/healthz?verbose", "/readyz?verbose", "/status", "/connections", "/top", "/alerts",
        "/alerts/stream", "/api/v2/alerts",
    ])
    func `it leads to every path for people`(path: String) {
        #expect(Self.document.contains("href=\"\(path)\""))
    }

    @Test func `it is bounded: 64 KiB hold it`() {
        #expect(Self.document.utf8.count < 64 << 10)
    }
}
