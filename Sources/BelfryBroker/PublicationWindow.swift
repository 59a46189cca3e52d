import BelfryProtocol

/// The newest publications of a stream, by offset and without gaps.
///
/// A ring in which an offset's low bits are its place: nothing is searched or moved.
struct PublicationWindow: Sendable {
    private var ring: [StoredPublication?] = []
    /// Offset of the oldest one; meaningless while empty.
    private(set) var firstOffset: UInt64 = 1
    private(set) var count = 0
    /// Memory of the publications, roughly.
    private(set) var byteCount = 0

    /// Offset of the newest one; meaningless while empty.
    private var lastOffset: UInt64 { firstOffset &+ UInt64(count) &- 1 }

    var first: StoredPublication? { count > 0 ? ring[place(of: firstOffset)] : nil }

    /// Adds the next offset's publication.
    ///
    /// One that does not follow the newest empties the window first: what is kept never has a gap.
    mutating func append(_ stored: StoredPublication) {
        if count > 0, stored.publication.offset != lastOffset &+ 1 { removeAll() }
        if count == 0 { firstOffset = stored.publication.offset }
        if count == ring.count { grow() }
        ring[place(of: stored.publication.offset)] = stored
        count += 1
        byteCount += Self.byteCount(of: stored.publication)
    }

    mutating func removeFirst() {
        guard count > 0 else { return }
        let place = place(of: firstOffset)
        if let publication = ring[place]?.publication { byteCount -= Self.byteCount(of: publication) }
        ring[place] = nil
        firstOffset &+= 1
        count -= 1
        // An idle channel owns no ring.
        if count == 0 { removeAll() }
    }

    mutating func removeAll() {
        ring = []
        count = 0
        byteCount = 0
    }

    /// Up to `limit` publications after an offset, ascending.
    func publications(after offset: UInt64, limit: Int) -> [Publication] {
        guard count > 0, limit > 0, offset < lastOffset else { return [] }
        let start = max(firstOffset, offset &+ 1)
        let available = Int(clamping: lastOffset - start) + 1
        return (0..<UInt64(min(limit, available))).compactMap { self[start &+ $0] }
    }

    /// Up to `limit` publications before an offset, descending.
    func publications(before offset: UInt64, limit: Int) -> [Publication] {
        guard count > 0, limit > 0, offset > firstOffset else { return [] }
        let start = min(lastOffset, offset &- 1)
        let available = Int(clamping: start - firstOffset) + 1
        return (0..<UInt64(min(limit, available))).compactMap { self[start &- $0] }
    }

    var all: [StoredPublication] {
        (0..<UInt64(count)).compactMap { ring[place(of: firstOffset &+ $0)] }
    }

    private subscript(offset: UInt64) -> Publication? { ring[place(of: offset)]?.publication }

    private func place(of offset: UInt64) -> Int {
        Int(truncatingIfNeeded: offset & UInt64(truncatingIfNeeded: ring.count &- 1))
    }

    private mutating func grow() {
        let kept = all
        ring = Array(repeating: nil, count: max(4, ring.count * 2))
        for stored in kept { ring[place(of: stored.publication.offset)] = stored }
    }

    /// The publication's arrays and its own place in the ring, without what the allocator adds.
    static func byteCount(of publication: Publication) -> Int {
        var bytes = MemoryLayout<StoredPublication?>.stride + publication.data.count
        for tag in publication.tags {
            bytes += MemoryLayout<Tag>.stride + tag.key.utf8.count + tag.value.utf8.count
        }
        guard let info = publication.info else { return bytes }
        bytes += info.user.utf8.count + info.client.utf8.count
        return bytes + (info.connInfo?.count ?? 0) + (info.chanInfo?.count ?? 0)
    }
}
