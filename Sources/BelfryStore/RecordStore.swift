package import BelfryBroker

/// Something small that must outlive the process: a block, a revocation.
package struct StoredRecord: Equatable, Sendable {
    /// A closed set of short words, each of one owner.
    package let kind: String
    /// Unique within its kind.
    package let key: String
    /// From then on it is as if it had never been there; `.distantFuture` for never.
    package let until: WallTime
    /// The owner's own bytes.
    package let data: [UInt8]

    package init(kind: String, key: String, until: WallTime = .distantFuture, data: [UInt8] = []) {
        self.kind = kind
        self.key = key
        self.until = until
        self.data = data
    }
}

/// The records of a store.
///
/// They are written in groups with the publications, and never removed before their end.
package struct RecordStore: Sendable {
    let store: Store

    /// Bytes of one record's data.
    package static let dataMax = 65_536

    /// Everything that is not over, by kind and key; reads the disk, so not on a loop.
    package func load() throws(StoreFailure) -> [StoredRecord] { try store.loadRecords() }

    /// Returns when it is on disk, in place of an earlier one of the same kind and key.
    ///
    /// - Throws: When it is not: nothing has changed then.
    package func save(_ record: StoredRecord) async throws(StoreFailure) {
        guard record.data.count <= Self.dataMax else {
            throw StoreFailure(
                .full, path: store.settings.path, detail: "a record of \(record.data.count) bytes")
        }
        try await write(.save(record))
    }

    /// Returns when its removal is on disk; does nothing when there is none.
    package func remove(kind: String, key: String) async throws(StoreFailure) {
        try await write(.remove(kind: kind, key: key))
    }

    private func write(_ operation: StoreOperation) async throws(StoreFailure) {
        let result = await withCheckedContinuation { continuation in
            store.submit(operation) { continuation.resume(returning: $0) }
        }
        try result.get()
    }
}
