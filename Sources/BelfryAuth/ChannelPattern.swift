/// A channel's name, or many: `*` stands for any bytes, none included.
///
/// It never stands for a `$` at the start nor for a `#`: those mark private channels and channels of listed users
/// (protocol.md 18.1), and whoever grants them writes the mark.
struct ChannelPattern: Equatable, Sendable {
    /// The longest channel name in bytes (protocol.md 18.1); a longer pattern without stars matches nothing.
    private static let byteCountMax = 255

    private static let star = UInt8(ascii: "*")

    private let bytes: [UInt8]
    private let usesStars: Bool

    /// - Returns: `nil` for an empty or overlong text.
    init?(_ text: String, usesStars: Bool) {
        guard (1...Self.byteCountMax).contains(text.utf8.count) else { return nil }
        bytes = Array(text.utf8)
        self.usesStars = usesStars && bytes.contains(Self.star)
    }

    func matches(_ channel: String) -> Bool {
        let name = channel.utf8
        return usesStars ? expands(to: Array(name)) : name.count == bytes.count && name.elementsEqual(bytes)
    }

    /// Goes back to the last star only: an earlier one that took less could not have helped it to match.
    private func expands(to name: [UInt8]) -> Bool {
        if name.first == UInt8(ascii: "$"), bytes.first != UInt8(ascii: "$") { return false }
        var (place, next) = (0, 0)
        var lastStar: (next: Int, place: Int)?
        while place < name.count {
            if next < bytes.count, bytes[next] == Self.star {
                next += 1
                lastStar = (next, place)
            } else if next < bytes.count, bytes[next] == name[place] {
                (place, next) = (place + 1, next + 1)
            } else if let star = lastStar, name[star.place] != UInt8(ascii: "#") {
                lastStar = (star.next, star.place + 1)
                (place, next) = (star.place + 1, star.next)
            } else {
                return false
            }
        }
        return bytes[next...].allSatisfy { $0 == Self.star }
    }
}
