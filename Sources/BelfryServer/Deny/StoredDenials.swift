import BelfryAuth
import BelfryBroker
import BelfryObserve
import BelfryReactor
import BelfryStore

/// Denials as records of the store: the target is kind and key, the moment of issue its data.
struct StoredDenials: DenialStore {
    let records: RecordStore

    func load() throws -> [Denial] {
        try records.load().filter { $0.kind.hasPrefix(Self.prefix) }.map { record in
            // Left out, it would let in whom an operator keeps out.
            guard let denial = Denial(record) else { throw Unreadable(kind: record.kind, key: record.key) }
            return denial
        }
    }

    func save(_ denial: Denial) async throws { try await records.save(denial.record) }

    func remove(_ target: Denial.Target) async throws {
        try await records.remove(kind: target.recordKind, key: target.recordKey)
    }

    fileprivate static let prefix = "denied_"

    /// A record of ours that this release does not know.
    struct Unreadable: Error, CustomStringConvertible {
        let kind: String
        let key: String

        var description: String { "the store holds a denial that can not be read: \(kind) \(key)" }
    }
}

extension Denial.Target {
    fileprivate var recordKind: String { StoredDenials.prefix + kind.label }

    fileprivate var recordKey: String {
        switch self {
        case .token(let name), .user(let name), .tokens(let name): name.text
        case .addresses(let range): range.text
        }
    }

    fileprivate init?(_ record: StoredRecord) {
        let kind = record.kind.dropFirst(StoredDenials.prefix.utf8.count)
        guard let kind = DenialKind.allCases.first(where: { $0.label == kind }) else { return nil }
        switch kind {
        case .token: self = .token(ExactText(record.key))
        case .userTokens: self = .tokens(of: ExactText(record.key))
        case .user: self = .user(ExactText(record.key))
        case .address:
            guard let range = AddressRange(parsing: record.key) else { return nil }
            self = .addresses(range)
        }
    }
}

extension Denial {
    fileprivate var record: StoredRecord {
        let (milliseconds, isLate) = until.multipliedReportingOverflow(by: 1_000)
        let moment = UInt64(bitPattern: issuedBefore)
        return StoredRecord(
            kind: target.recordKind, key: target.recordKey,
            until: isLate ? .distantFuture : WallTime(milliseconds: milliseconds),
            data: (0..<8).map { UInt8(truncatingIfNeeded: moment >> (56 &- 8 &* $0)) })
    }

    fileprivate init?(_ record: StoredRecord) {
        guard let target = Target(record), record.data.count == 8 else { return nil }
        let moment = record.data.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let isForever = record.until == .distantFuture
        self.init(
            target, issuedBefore: Int64(bitPattern: moment),
            until: isForever ? Self.never : record.until.milliseconds / 1_000)
    }
}
