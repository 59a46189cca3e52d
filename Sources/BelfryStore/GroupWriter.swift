import BelfryBroker
import BelfryProtocol
import Foundation
import GRDB

/// Puts a group's changes into the open transaction.
///
/// A stream's own row is written once a group, and its window is cut once.
struct GroupWriter {
    private struct TouchedStream {
        let id: Int64
        var epoch: String
        var top: UInt64
        var version: PublicationVersion?
        var isRelaxed: Bool
        var expiresAt: WallTime
        /// Publications to keep; `nil` when none was added.
        var size: Int?
    }

    private let database: Database
    private var touched: [String: TouchedStream] = [:]
    private(set) var publications: UInt64 = 0

    init(_ database: Database) { self.database = database }

    mutating func write(_ operation: StoreOperation) throws {
        switch operation {
        case .append(let reservation, let isRelaxed): try append(reservation, isRelaxed)
        case .note(let stream, let isRelaxed):
            try touch(stream.channel, stream.epoch) { touched in
                touched.top = max(touched.top, stream.top)
                touched.version = touched.version ?? stream.version
                touched.expiresAt = max(touched.expiresAt, stream.expiresAt)
                touched.isRelaxed = isRelaxed
            }
        case .clear(let channel):
            try execute(
                "DELETE FROM publication WHERE stream = (SELECT id FROM stream WHERE channel = ?)", [channel])
        case .save(let record):
            try execute(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)",
                [record.kind, record.key, record.until.milliseconds, Data(record.data)])
        case .remove(let kind, let key):
            try execute("DELETE FROM record WHERE kind = ? AND key = ?", [kind, key])
        }
    }

    private mutating func append(_ reservation: Reservation, _ isRelaxed: Bool) throws {
        let position = reservation.position
        let id = try touch(reservation.channel, position.epoch) { touched in
            touched.top = position.offset
            touched.version = reservation.version ?? touched.version
            touched.expiresAt = max(touched.expiresAt, reservation.streamExpiresAt)
            touched.isRelaxed = isRelaxed
            touched.size = reservation.size
        }
        // In place of one that a failed sync may have left behind.
        try execute(
            "INSERT OR REPLACE INTO publication VALUES (?, ?, ?, ?)",
            [
                id, Int64(clamping: position.offset), reservation.stored.expiresAt.milliseconds,
                PublicationCoding.encode(reservation.stored.publication),
            ])
        publications += 1
        guard let key = reservation.key else { return }
        try execute(
            "INSERT OR REPLACE INTO key VALUES (?, ?, ?, ?, ?)",
            [
                key.channel, key.key, position.epoch, Int64(clamping: position.offset),
                key.expiresAt.milliseconds,
            ])
    }

    /// Writes the rows of the streams that were touched.
    mutating func finish() throws {
        for stream in touched.values {
            try execute(
                """
                UPDATE stream SET epoch = ?, top = ?, version = ?, version_epoch = ?, relaxed = ?, expires_at = ?
                WHERE id = ?
                """,
                [
                    stream.epoch, Int64(clamping: stream.top),
                    stream.version.map { Int64(bitPattern: $0.number) }, stream.version?.epoch,
                    stream.isRelaxed, stream.expiresAt.milliseconds, stream.id,
                ])
            guard let size = stream.size, stream.top > UInt64(size) else { continue }
            try execute(
                "DELETE FROM publication WHERE stream = ? AND offset <= ?",
                [stream.id, Int64(clamping: stream.top - UInt64(size))])
        }
        touched = [:]
    }

    @discardableResult
    private mutating func touch(
        _ channel: String, _ epoch: String, _ change: (inout TouchedStream) -> Void
    ) throws -> Int64 {
        var stream = try touched[channel] ?? find(channel) ?? insert(channel, epoch)
        if stream.epoch != epoch {
            // The stream began anew: nothing of its earlier life is left.
            try execute("DELETE FROM publication WHERE stream = ?", [stream.id])
            stream.epoch = epoch
            stream.top = 0
            stream.version = nil
        }
        change(&stream)
        touched[channel] = stream
        return stream.id
    }

    private func find(_ channel: String) throws -> TouchedStream? {
        let statement = try database.cachedStatement(
            sql:
                "SELECT id, epoch, top, version, version_epoch, relaxed, expires_at FROM stream WHERE channel = ?"
        )
        return try Row.fetchOne(statement, arguments: [channel]).map { row in
            TouchedStream(
                id: row[0], epoch: row[1], top: UInt64(clamping: row[2] as Int64),
                version: row.version(at: 3),
                isRelaxed: row[5], expiresAt: WallTime(milliseconds: row[6]))
        }
    }

    private func insert(_ channel: String, _ epoch: String) throws -> TouchedStream {
        try execute(
            "INSERT INTO stream (channel, epoch, top, relaxed, expires_at) VALUES (?, ?, 0, 0, 0)",
            [channel, epoch])
        return TouchedStream(
            id: database.lastInsertedRowID, epoch: epoch, top: 0, isRelaxed: false,
            expiresAt: WallTime(milliseconds: 0))
    }

    private func execute(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension Row {
    /// A publication's version from two columns.
    func version(at column: Int) -> PublicationVersion? {
        guard let number = self[column] as Int64? else { return nil }
        return PublicationVersion(
            number: UInt64(bitPattern: number), epoch: self[column + 1] as String? ?? "")
    }
}
