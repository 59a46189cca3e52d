import BelfryBroker
import BelfryHub
import BelfryProtocol

// Protocol.md 10 written down once more, from the paper and not from the code: one list of all that was ever published,
// and the tables read line by line. Slow and plain.

/// All that happened in one channel.
struct RecoveryModel {
    struct Entry {
        let epoch: String
        let offset: UInt64
        let text: String
        let expiresAt: WallTime
        var isRemoved = false
    }

    /// What a recovery must come to.
    struct Verdict: Equatable {
        var recovered: Bool
        /// Read from history, without what came later.
        var texts: [String]
        var top: UInt64
        var epoch: String
    }

    let size: Int
    let ttl: Duration
    private(set) var entries: [Entry] = []
    var epoch = ""
    private(set) var top: UInt64 = 0

    init(size: Int, ttl: Duration) {
        self.size = size
        self.ttl = ttl
    }

    mutating func published(_ position: StreamPosition, _ text: String, now: WallTime) {
        if position.epoch != epoch { begin(position.epoch) }
        top += 1
        entries.append(Entry(epoch: epoch, offset: top, text: text, expiresAt: now + ttl))
    }

    mutating func begin(_ epoch: String) {
        self.epoch = epoch
        top = 0
    }

    mutating func removed() { for place in entries.indices { entries[place].isRemoved = true } }

    /// The list as it stands: the newest `size` of this epoch that are neither expired nor removed.
    func list(now: WallTime) -> [Entry] {
        entries.filter { $0.epoch == epoch && $0.offset + UInt64(size) > top }
            .filter { !$0.isRemoved && now < $0.expiresAt }
    }

    /// 10.3.
    func stream(_ o: UInt64, _ e: String, limit: Int, now: WallTime) -> Verdict {
        let read = list(now: now).filter { $0.offset > o }.prefix(limit)
        let no = Verdict(recovered: false, texts: [], top: top, epoch: epoch)
        if !e.isEmpty && e != epoch { return no }
        if read.isEmpty { return top == o ? Verdict(recovered: true, texts: [], top: top, epoch: epoch) : no }
        if let first = read.first, let last = read.last, first.offset == o + 1, last.offset == top {
            return Verdict(recovered: true, texts: read.map(\.text), top: top, epoch: epoch)
        }
        return no
    }

    /// 10.4, with the latest publication as it is once `later` has come.
    func cache(_ o: UInt64, _ e: String, later: Entry?, now: WallTime) -> Verdict {
        let latest = later ?? list(now: now).last
        let newest = later?.offset ?? top
        let isCurrent = o == newest && e == epoch
        guard let latest else {
            return Verdict(recovered: isCurrent && o > 0, texts: [], top: newest, epoch: epoch)
        }
        return Verdict(recovered: true, texts: isCurrent ? [] : [latest.text], top: newest, epoch: epoch)
    }

    /// All publications of an epoch behind an offset.
    func texts(of epoch: String, after offset: UInt64, upTo last: UInt64 = .max) -> [String] {
        entries.filter { $0.epoch == epoch && $0.offset > offset && $0.offset <= last }.map(\.text)
    }

    func entry(_ epoch: String, _ offset: UInt64) -> Entry? {
        entries.last { $0.epoch == epoch && $0.offset == offset }
    }
}
