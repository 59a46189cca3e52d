import BelfryBytes
import BelfryReactor
import BelfrySidePort
import Foundation
import Testing

@testable import BelfryServer

@Suite("Taps of a loop") struct TapSetTests {
    private static func tap(_ number: UInt64, _ subject: TapRequest.Subject) -> LoopTap {
        LoopTap(
            number: number, subject: subject, pseudonym: "p", showsBodies: false, feed: TapFeed { _, _ in },
            epoch: 1_000, start: TapStart(loops: 1) {})
    }

    private let one = SlotID(index: 1, generation: 1)
    private let other = SlotID(index: 2, generation: 1)

    @Test func `a user's tap follows the connections it was given, and no others`() {
        var taps = TapSet()
        #expect(taps.isEmpty)
        taps.add(Self.tap(7, .user("ada")))
        #expect(taps.follow(one, by: 7) && !taps.follow(one, by: 7) && !taps.follow(other, by: 8))
        #expect(taps.following(one).map(\.number) == [7] && taps.following(other).isEmpty)
        #expect(taps.isFollowed(one) && !taps.isFollowed(other) && taps.following(channel: "ada").isEmpty)
        // The slot's next tenant is somebody else.
        #expect(!taps.isFollowed(SlotID(index: 1, generation: 3)))
        taps.forget(one)
        #expect(!taps.isFollowed(one))
        taps.remove(7)
        #expect(taps.isEmpty)
    }

    @Test func `a channel is its bytes: equal text may be another one`() {
        var taps = TapSet()
        taps.add(Self.tap(1, .channel("K")))
        #expect(taps.following(channel: "K").count == 1)
        #expect(taps.following(channel: "\u{212A}").isEmpty && taps.following(channel: "KK").isEmpty)
    }

    @Test func `an error is told apart by what was asked under its id`() {
        var taps = TapSet()
        taps.add(Self.tap(1, .channel("c")))
        let question = TapSet.Question(name: "subscribe", channel: "c")
        taps.ask(one, 0, question)
        #expect(!taps.isAsked(one))
        taps.ask(one, 5, question)
        #expect(taps.isAsked(one) && taps.answer(other, 5) == nil && taps.answer(one, 6) == nil)
        #expect(taps.answer(one, 5) == question && taps.answer(one, 5) == nil && !taps.isAsked(one))
    }

    @Test func `no more questions are kept than may be, and those of a gone connection are given back`() {
        var taps = TapSet()
        taps.add(Self.tap(1, .user("ada")))
        let question = TapSet.Question(name: "history", channel: "c")
        for id in 1...UInt32(TapSet.questionsMax) + 1 { taps.ask(one, id, question) }
        #expect(taps.answer(one, UInt32(TapSet.questionsMax)) == question)
        taps.ask(one, 9_999, question)
        taps.ask(other, 1, question)
        #expect(taps.answer(one, 9_999) == question && taps.answer(other, 1) == nil)
        taps.forget(one)
        taps.ask(other, 1, question)
        #expect(taps.answer(other, 1) == question)
    }

    @Test func `a line has time, arrow, what, about what and how it went`() throws {
        func line(_ json: String) throws -> String {
            try JSONDecoder().decode(TapLine.self, from: Data(json.utf8)).text
        }
        #expect(
            try line(
                #"{"time_ms":1700000000007,"type":"command","direction":"in","client":"c1","command":"publish","channel":"a:b","id":3,"bytes":54}"#
            ) == "22:13:20.007Z --> command publish #3 a:b 54 B client=c1")
        #expect(
            try line(
                #"{"time_ms":0,"type":"reply","direction":"out","client":"c1","command":"subscribe","channel":"x","id":4,"code":103,"reason":"permission denied","bytes":60}"#
            ) == "00:00:00.000Z <-- reply subscribe #4 x 60 B code 103 (permission denied) client=c1")
        #expect(
            try line(
                #"{"time_ms":1,"type":"closed","client":"c1","by":"client","reason":"normal","code":1000,"duration_ms":5}"#
            ) == "00:00:00.001Z --- closed code 1000 (normal) duration_ms=5 by=client client=c1")
        #expect(try line(#"{"time_ms":1,"type":"end","reason":"drain"}"#) == "00:00:00.001Z --- end (drain)")
    }

    @Test func `entries stand at the wall clock's time, by the loops' clock`() throws {
        let feed = TapFeed { _, _ in }
        let tap = LoopTap(
            number: 1, subject: .user("a"), pseudonym: "p", showsBodies: false, feed: feed,
            epoch: 1_700_000_000_000, start: TapStart(loops: 1) {})
        #expect(tap.entry(.push, at: Instant(nanoseconds: 2_999_999))?.time == 1_700_000_000_002)
    }
}
