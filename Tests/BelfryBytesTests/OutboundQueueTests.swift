import BelfryBytes
import Testing

@Suite("Outbound queue and frame table")
struct OutboundQueueTests {
    @Test func `a frame is freed when its last holder lets go`() {
        var frames = FrameTable()
        let index = frames.insert(OutboundFrame(bytes: [1, 2, 3]), holders: 2)
        frames.release(index)
        #expect(frames.count == 1)
        frames.release(index)
        #expect(frames.count == 0)
    }

    @Test func `a freed entry is used again before the table grows`() {
        var frames = FrameTable()
        let first = frames.insert(OutboundFrame(bytes: [1]), holders: 1)
        frames.release(first)
        let second = frames.insert(OutboundFrame(bytes: [2]), holders: 1)
        #expect(first == second)
        #expect(frames.byteCount(second) == 1)
    }

    @Test("bytes come out in order however the writes are cut", arguments: [1, 2, 3, 7, 64, 1_000])
    func orderIsKept(chunk: Int) {
        var frames = FrameTable()
        var queue = OutboundQueue()
        var expected: [UInt8] = []
        for length in 1...40 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &+ length) }
            expected += bytes
            queue.append(frames.insert(OutboundFrame(bytes: bytes), holders: 1), byteCount: length)
        }
        var written: [UInt8] = []
        while !queue.isEmpty {
            var scratch: [UInt8] = []
            queue.gather(from: frames, into: &scratch, limit: chunk)
            written += scratch
            queue.advance(by: scratch.count, releasingFrom: &frames) { _ in }
        }
        #expect(written == expected)
        #expect(frames.count == 0)
        #expect(queue.byteCount == 0)
    }

    @Test func `only publications count as delivered and each counts once`() {
        var frames = FrameTable()
        var queue = OutboundQueue()
        let times: [UInt64?] = [5, nil, 7]
        for time in times {
            let received = time.map { Instant(nanoseconds: $0) }
            queue.append(
                frames.insert(OutboundFrame(bytes: [0, 0], receivedAt: received), holders: 1), byteCount: 2)
        }
        var delivered: [UInt64] = []
        queue.advance(by: 1, releasingFrom: &frames) { delivered.append($0.nanoseconds) }
        #expect(delivered.isEmpty)
        queue.advance(by: 5, releasingFrom: &frames) { delivered.append($0.nanoseconds) }
        #expect(delivered == [5, 7])
    }

    @Test func `dropping a queue releases its frames and counts the deliveries lost`() {
        var frames = FrameTable()
        var queue = OutboundQueue()
        let shared = frames.insert(
            OutboundFrame(bytes: [1], receivedAt: Instant(nanoseconds: 1)), holders: 2)
        queue.append(shared, byteCount: 1)
        queue.append(frames.insert(OutboundFrame(bytes: [2]), holders: 1), byteCount: 1)
        let lost = queue.removeAll(releasingFrom: &frames)
        #expect(lost == 1)
        #expect(frames.count == 1)
        #expect(queue.byteCount == 0)
    }

    @Test func `a ring that wrapped around keeps its order when it grows`() {
        var frames = FrameTable()
        var queue = OutboundQueue()
        func push(_ value: UInt8) {
            queue.append(frames.insert(OutboundFrame(bytes: [value]), holders: 1), byteCount: 1)
        }
        for value in 0..<8 { push(UInt8(value)) }
        queue.advance(by: 5, releasingFrom: &frames) { _ in }
        for value in 8..<30 { push(UInt8(value)) }
        var all: [UInt8] = []
        queue.gather(from: frames, into: &all, limit: 100)
        #expect(all == (5..<30).map { UInt8($0) })
    }
}

@Suite("Instant")
struct InstantTests {
    @Test func `nanoseconds of a duration are whole ones toward zero, clamped to 64 bits`() {
        let cases: [(Duration, Int64)] = [
            (.zero, 0), (.nanoseconds(1), 1), (.nanoseconds(-1), -1), (.seconds(25), 25_000_000_000),
            (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1),
            (Duration(secondsComponent: 0, attosecondsComponent: -1_999_999_999), -1),
            (.nanoseconds(Int64.max), .max), (.nanoseconds(Int64.max) + .nanoseconds(1), .max),
            (.nanoseconds(Int64.min), .min), (.nanoseconds(Int64.min) - .nanoseconds(1), .min),
            (.nanoseconds(Int64.min) + .nanoseconds(1), .min + 1),
            (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
        ]
        for (duration, nanoseconds) in cases { #expect(duration.clampedNanoseconds == nanoseconds) }
    }

    @Test func `adding saturates at the ends of the clock`() {
        #expect(Instant(nanoseconds: .max - 1) + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: 5) + .seconds(-1) == Instant(nanoseconds: 0))
    }

    @Test func `the difference of two instants has a sign`() {
        let early = Instant(nanoseconds: 1_000)
        let late = Instant(nanoseconds: 4_000)
        #expect(late - early == .nanoseconds(3_000))
        #expect(early - late == .nanoseconds(-3_000))
    }

    @Test("a frame goes in before those from a place on, whatever the ring", arguments: 0...20)
    func insertion(place: UInt32) {
        var frames = FrameTable()
        var queue = OutboundQueue()
        // The ring's head stands anywhere.
        for value in UInt8(0)..<5 {
            queue.append(frames.insert(OutboundFrame(bytes: [value]), holders: 1), byteCount: 1)
        }
        queue.advance(by: 5, releasingFrom: &frames) { _ in }
        for value in UInt8(0)..<20 {
            queue.append(frames.insert(OutboundFrame(bytes: [value]), holders: 1), byteCount: 1)
        }
        queue.insert(frames.insert(OutboundFrame(bytes: [99]), holders: 1), byteCount: 1, at: place)
        var bytes: [UInt8] = []
        queue.gather(from: frames, into: &bytes, limit: 100)
        var expected = Array(UInt8(0)..<20)
        expected.insert(99, at: Int(place))
        #expect(bytes == expected && queue.byteCount == 21)
        _ = queue.removeAll(releasingFrom: &frames)
        #expect(frames.count == 0)
    }

    @Test func `what stands from a place on is dropped, and its deliveries are counted`() {
        var frames = FrameTable()
        var queue = OutboundQueue()
        for value in UInt8(0)..<6 {
            let receivedAt = value % 2 == 0 ? nil : Instant(nanoseconds: 1)
            let frame = OutboundFrame(bytes: [value, value], receivedAt: receivedAt)
            queue.append(frames.insert(frame, holders: 1), byteCount: 2)
        }
        queue.advance(by: 1, releasingFrom: &frames) { _ in }
        let none = queue.removeAll(from: 6, releasingFrom: &frames)
        let lost = queue.removeAll(from: 2, releasingFrom: &frames)
        #expect(none == 0 && lost == 2)
        #expect(queue.count == 2 && queue.byteCount == 3 && frames.count == 2)
        var bytes: [UInt8] = []
        queue.gather(from: frames, into: &bytes, limit: 100)
        #expect(bytes == [0, 1, 1])
        _ = queue.removeAll(releasingFrom: &frames)
    }
}
