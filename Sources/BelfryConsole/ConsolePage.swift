// The operators' page, in one document: style and script stand inside, so that one request brings it all, and so that the
// page's policy can name them by their digests and allow nothing else.
//
// The sources lie in Page/: index.html, style.css, and the scripts, each building on those before it. The compiler embeds
// them; the relay reads no file.

/// The page at `/` of the side port.
package enum ConsolePage {
    package static let style = text(PackageResources.style_css)
    /// One module.
    package static let script = [
        PackageResources.basics_js, PackageResources.chart_js, PackageResources.feed_js,
        PackageResources.figures_js, PackageResources.alerts_js, PackageResources.tables_js,
        PackageResources.console_js,
    ].map(text).joined(separator: "\n")
    /// The page around ``noscriptMark``, ``style`` and ``script`` included as they are.
    package static let document =
        text(PackageResources.index_html)
        .replacing("/*{style}*/", with: style)
        .replacing("/*{script}*/", with: script)
    /// Where those who run no script find the figures.
    package static let noscriptMark = "<!--{figures}-->"

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
