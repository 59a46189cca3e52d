// A chat for trying the relay, in one document: style and script stand inside, so that one request brings it all, and so
// that the page's policy can name them by their digests and allow nothing else.
//
// The sources lie in Page/: index.html, style.css, relay.js (the protocol) and chat.js (what people see). The compiler
// embeds them; the relay reads no file.

/// The page that `client.demo_page` puts on the public port.
package enum ChatPage {
    package static let style = text(PackageResources.style_css)
    /// One module: the protocol, then the page that uses it.
    package static let script = text(PackageResources.relay_js) + "\n" + text(PackageResources.chat_js)
    /// The whole page, ``style`` and ``script`` included as they are.
    package static let document =
        text(PackageResources.index_html)
        .replacing("/*{style}*/", with: style)
        .replacing("/*{script}*/", with: script)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
