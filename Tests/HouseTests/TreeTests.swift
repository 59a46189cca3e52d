import Foundation
import Testing

@Suite("The tree as files")
struct TreeTests {
    /// What carries a tree from machine to machine does not always carry links: one that came out as a file with a
    /// path in it broke the build.
    @Test func `no file is a symbolic link`() throws {
        var seen = 0
        for entry in try FileManager.default.contentsOfDirectory(
            at: House.root, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
        {
            for path in [entry] + Self.everything(below: entry) {
                seen += 1
                let isLink = try path.resourceValues(forKeys: [.isSymbolicLinkKey]).isSymbolicLink
                #expect(isLink == false, "\(path.path())")
            }
        }
        #expect(seen > 500)
    }

    private static func everything(below directory: URL) -> [URL] {
        FileManager.default.enumerator(at: directory, includingPropertiesForKeys: [.isSymbolicLinkKey])?
            .compactMap { $0 as? URL } ?? []
    }
}
