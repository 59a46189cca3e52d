// What waits to be written to one connection: references into the loop's frame table, never copies.
//
// The ring starts empty (an idle connection owns no heap here), doubles as a reader falls behind, and goes back to a
// small one when it drains, so a burst does not stay in the books.

/// A connection's frames in order, as indices into its loop's ``FrameTable``.
@safe @frozen public struct OutboundQueue: ~Copyable {
    @usableFromInline var ring: UnsafeMutablePointer<FrameIndex>?
    @usableFromInline var capacity: UInt32 = 0
    @usableFromInline var head: UInt32 = 0
    /// Frames waiting, the one that is partly written included.
    public var count: UInt32 = 0
    /// Bytes of the first frame that are already written.
    public var headOffset: UInt32 = 0
    /// Bytes waiting, without what is already written.
    public var byteCount = 0

    /// Indices a drained queue may keep: 256 bytes, so that steady traffic never allocates.
    @usableFromInline static var capacityKept: UInt32 { 64 }

    @inlinable public init() { unsafe ring = nil }

    deinit { unsafe ring?.deallocate() }

    @inlinable public var isEmpty: Bool { count == 0 }

    /// The oldest frame; the queue must not be empty.
    @inlinable public var first: FrameIndex { self[0] }

    @inlinable subscript(_ position: UInt32) -> FrameIndex {
        guard let ring = unsafe ring, position < count else { preconditionFailure("outbound queue index") }
        return unsafe ring[Int((head &+ position) & (capacity &- 1))]
    }

    /// Adds a frame whose holder count already includes this queue.
    @inlinable public mutating func append(_ frame: FrameIndex, byteCount added: Int) {
        if count == capacity { grow() }
        guard let ring = unsafe ring else { preconditionFailure("outbound queue without a ring") }
        unsafe ring[Int((head &+ count) & (capacity &- 1))] = frame
        count &+= 1
        byteCount += added
    }

    /// Puts a frame before those from `position` on, none of which may be written in part.
    ///
    /// Takes a step for each frame behind it.
    public mutating func insert(_ frame: FrameIndex, byteCount added: Int, at position: UInt32) {
        append(frame, byteCount: added)
        guard let ring = unsafe ring, position < count else { return }
        var place = count &- 1
        while place > position {
            unsafe ring[Int((head &+ place) & (capacity &- 1))] = self[place &- 1]
            place &-= 1
        }
        unsafe ring[Int((head &+ place) & (capacity &- 1))] = frame
    }

    /// Copies waiting bytes in order, up to `limit`, behind what `scratch` holds.
    public borrowing func gather(from frames: borrowing FrameTable, into scratch: inout [UInt8], limit: Int) {
        var offset = Int(headOffset)
        for position in 0..<count where scratch.count < limit {
            unsafe frames.withBytes(self[position], from: offset) { bytes in
                unsafe scratch.append(contentsOf: bytes.prefix(limit - scratch.count))
            }
            offset = 0
        }
    }

    /// Notes that `written` bytes went out; releases each frame that is complete and calls `body` with when it came in.
    @inlinable public mutating func advance(
        by written: Int, releasingFrom frames: inout FrameTable, delivered body: (Instant) -> Void
    ) {
        var left = written
        byteCount -= written
        while count > 0 {
            let frame = first
            let remaining = frames.byteCount(frame) - Int(headOffset)
            guard left >= remaining else { break }
            left -= remaining
            if let receivedAt = frames.receivedAt(frame) { body(receivedAt) }
            removeFirst()
            frames.release(frame)
        }
        headOffset = headOffset &+ UInt32(truncatingIfNeeded: left)
        if count == 0, capacity > Self.capacityKept { shrink() }
    }

    /// Releases all frames but the first ones that hold the next `kept` bytes; answers how many deliveries are lost.
    ///
    /// - `kept`: Bytes that somebody below has already taken in part and must be offered again.
    public mutating func removeAll(behind kept: Int, releasingFrom frames: inout FrameTable) -> Int {
        var waiting = headOffset > 0 ? frames.byteCount(first) - Int(headOffset) : 0
        var position: UInt32 = headOffset > 0 ? 1 : 0
        while position < count, waiting < kept {
            waiting += frames.byteCount(self[position])
            position += 1
        }
        return removeAll(from: position, releasingFrom: &frames)
    }

    /// Releases the frames from `position` on, none of which may be written in part; answers how many were deliveries.
    public mutating func removeAll(from position: UInt32, releasingFrom frames: inout FrameTable) -> Int {
        guard position < count else { return 0 }
        var lost = 0
        for dropped in position..<count {
            byteCount -= frames.byteCount(self[dropped])
            if frames.receivedAt(self[dropped]) != nil { lost += 1 }
            frames.release(self[dropped])
        }
        count = position
        return lost
    }

    /// Releases everything; answers how many of the frames were deliveries that are now lost.
    public mutating func removeAll(releasingFrom frames: inout FrameTable) -> Int {
        var lost = 0
        while count > 0 {
            let frame = first
            if frames.receivedAt(frame) != nil { lost += 1 }
            removeFirst()
            frames.release(frame)
        }
        byteCount = 0
        return lost
    }

    @inlinable mutating func removeFirst() {
        head = (head &+ 1) & (capacity &- 1)
        count &-= 1
        headOffset = 0
    }

    @usableFromInline mutating func grow() {
        let larger = capacity == 0 ? 8 : capacity * 2
        let new = UnsafeMutablePointer<FrameIndex>.allocate(capacity: Int(larger))
        for position in 0..<count { unsafe new[Int(position)] = self[position] }
        unsafe ring?.deallocate()
        unsafe ring = new
        capacity = larger
        head = 0
    }

    @usableFromInline mutating func shrink() {
        unsafe ring?.deallocate()
        unsafe ring = nil
        capacity = 0
        head = 0
    }
}
