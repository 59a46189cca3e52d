extension Event {
    /// Who follows whom, as `tap.opened` and `tap.closed` tell it.
    package struct Tap: Sendable {
        package var peerAddress: String
        /// The name of the key.
        package var actor: String
        /// The pseudonym of the user who is followed; nil for a channel.
        package var subject: String?
        /// The pseudonym of the channel that is followed; nil for a user.
        package var roomHash: String?
        package var showsBodies: Bool

        package init(
            peerAddress: String, actor: String, subject: String?, roomHash: String?, showsBodies: Bool
        ) {
            self.peerAddress = peerAddress
            self.actor = actor
            self.subject = subject
            self.roomHash = roomHash
            self.showsBodies = showsBodies
        }

        fileprivate var details: [Detail?] {
            [
                .text(.peerAddr, peerAddress), .text(.actor, actor),
                .text(.kind, roomHash == nil ? "user" : "channel"),
                .text(.subject, subject), .text(.roomHash, roomHash),
                .text(.scope, showsBodies ? "bodies" : "events"),
            ]
        }
    }

    package static func tapOpened(
        _ tap: Tap, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(.tapOpened, tap.details, at: .init(file, line))
    }

    /// - `entries`: how many were shown.
    package static func tapClosed(
        _ tap: Tap, after duration: Duration, entries: UInt64, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .tapClosed,
            tap.details + [.seconds(.durationSec, duration), .number(.msgsOut, entries)],
            at: .init(file, line))
    }
}
