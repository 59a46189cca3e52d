// The frames that one loop's connections are waiting to send.
//
// A publication to a thousand members is one entry here and a thousand small indices in outbound queues. The entry
// counts its holders in a plain integer: the table belongs to one loop, so no delivery costs an atomic operation, and
// the array behind the frame is retained once per loop and publication rather than once per member.

/// Where a frame stands in its loop's ``FrameTable``.
@frozen public struct FrameIndex: Equatable, Sendable {
    @usableFromInline let raw: UInt32

    @inlinable init(raw: UInt32) { self.raw = raw }
}

/// An encoded frame and what is counted when it has been written.
@frozen public struct OutboundFrame: Sendable {
    /// A complete WebSocket frame.
    public let bytes: [UInt8]
    /// When the publication inside was received; `nil` for replies, pings and other frames that are not deliveries.
    public let receivedAt: Instant?
    /// When it was put into the queues.
    public let queuedAt: Instant?

    @inlinable public init(bytes: [UInt8], receivedAt: Instant? = nil, queuedAt: Instant? = nil) {
        self.bytes = bytes
        self.receivedAt = receivedAt
        self.queuedAt = queuedAt
    }
}

/// Encoded frames with the number of outbound queues that hold each.
@frozen public struct FrameTable: ~Copyable {
    @usableFromInline struct Entry {
        @usableFromInline var frame: OutboundFrame
        /// Queues that hold the frame; zero for a free entry.
        @usableFromInline var holders: Int
        /// The next free entry, while this one is free.
        @usableFromInline var nextFree: UInt32

        @inlinable init(frame: OutboundFrame, holders: Int) {
            self.frame = frame
            self.holders = holders
            self.nextFree = .max
        }
    }

    @usableFromInline var entries: [Entry] = []
    @usableFromInline var firstFree: UInt32 = .max
    /// Frames that at least one queue holds.
    public private(set) var count = 0

    public init() { entries.reserveCapacity(64) }

    /// Stores a frame that `holders` queues are about to hold.
    ///
    /// - `holders`: At least one; each must be given back with ``release(_:)``.
    public mutating func insert(_ frame: OutboundFrame, holders: Int) -> FrameIndex {
        precondition(holders > 0, "a frame without a holder would never be freed")
        count += 1
        guard firstFree != .max else {
            entries.append(Entry(frame: frame, holders: holders))
            return FrameIndex(raw: UInt32(entries.count - 1))
        }
        let index = firstFree
        firstFree = entries[Int(index)].nextFree
        entries[Int(index)] = Entry(frame: frame, holders: holders)
        return FrameIndex(raw: index)
    }

    /// The bytes on the wire of a held frame.
    @inlinable public func byteCount(_ index: FrameIndex) -> Int { entries[Int(index.raw)].frame.bytes.count }

    /// When the publication inside was received, if it is one.
    @inlinable public func receivedAt(_ index: FrameIndex) -> Instant? {
        entries[Int(index.raw)].frame.receivedAt
    }

    /// When the publication inside was queued, if it is one.
    @inlinable public func queuedAt(_ index: FrameIndex) -> Instant? {
        entries[Int(index.raw)].frame.queuedAt
    }

    /// Calls `body` with the frame's bytes from `offset` on; they are valid only inside.
    @inlinable public func withBytes<Result>(
        _ index: FrameIndex, from offset: Int, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        unsafe entries[Int(index.raw)].frame.bytes.withUnsafeBytes { bytes in
            unsafe body(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        }
    }

    /// Takes back one holder; the last one frees the frame.
    @inlinable public mutating func release(_ index: FrameIndex) {
        let position = Int(index.raw)
        precondition(entries[position].holders > 0, "a frame was released twice")
        entries[position].holders -= 1
        if entries[position].holders == 0 { free(index) }
    }

    /// Takes back `holders` at once, for recipients that turned out to be gone.
    public mutating func release(_ index: FrameIndex, holders: Int) {
        guard holders > 0 else { return }
        let position = Int(index.raw)
        precondition(entries[position].holders >= holders, "a frame was released twice")
        entries[position].holders -= holders
        if entries[position].holders == 0 { free(index) }
    }

    @usableFromInline mutating func free(_ index: FrameIndex) {
        count -= 1
        let position = Int(index.raw)
        entries[position].frame = OutboundFrame(bytes: [])
        entries[position].nextFree = firstFree
        firstFree = index.raw
    }
}
