import BelfryPage
import Testing

/// What the relay's policy for the page takes for granted.
@Suite("The chat page")
struct ChatPageTests {
    static let document = ChatPage.document

    /// What stands between a tag and its end, for each element of that name.
    private func contents(of element: String) -> [String] {
        Self.document.split(separator: "<\(element)", omittingEmptySubsequences: false).dropFirst().map {
            rest in
            let content = rest.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)[1]
            return String(content.split(separator: "</\(element)>", omittingEmptySubsequences: false)[0])
        }
    }

    @Test func `there is one style and one script, and both are those the policy names`() {
        #expect(contents(of: "style") == [ChatPage.style])
        #expect(contents(of: "script") == [ChatPage.script])
    }

    @Test func `style and script hold nothing that would end their element early`() {
        for text in [ChatPage.style, ChatPage.script] {
            #expect(!text.lowercased().contains("</"))
            #expect(!text.contains("<!--"))
        }
        #expect(ChatPage.style.utf8.count > 1_000 && ChatPage.script.utf8.count > 1_000)
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
        "DOMParser",
        "setAttribute(\"style", "javascript:",
    ])
    func `no text becomes markup or script`(way: String) {
        #expect(!ChatPage.script.contains(way))
    }

    @Test func `no handler and no style stands in an attribute, where the policy would refuse it`() {
        let markup = [ChatPage.style, ChatPage.script].reduce(Self.document) { $0.replacing($1, with: "") }
        #expect(!markup.contains(" style=") && !markup.contains(" on"))
    }

    @Test func `it is bounded: 64 KiB hold it`() {
        #expect(Self.document.utf8.count < 64 << 10)
    }
}
