package import BelfryBroker
import BelfryProtocol
import Foundation
import GRDB
import Synchronization

// At the start everything is read, before a port is open.

extension Store {
    /// Loads all streams and keys, each into the table of its home.
    ///
    /// What memory has no room for stays on disk until its end, and its channels begin anew.
    ///
    /// - Parameters:
    ///   - count: Loops.
    ///   - limits: Of one loop's table.
    ///   - home: The loop of a channel, below `count`.
    ///   - notify: Asks a loop to poll its broker; called on the store's thread.
    /// - Returns: One lane a loop, in order, and what was found.
    /// - Throws: When the file can not be read to its end.
    package func openLanes(
        _ count: Int, limits: StreamLimits, home: (String) -> Int, notify: [@Sendable () -> Void]
    ) throws(StoreFailure) -> (lanes: [StoreLane], contents: StoreContents) {
        var tables = (0..<count).map { _ in StreamTable(seed: .random(in: 0 ... .max), limits: limits) }
        var contents = StoreContents()
        contents.renewed = pen.withLock { $0.renewed }
        do {
            try database.read { database in
                let now = settings.now()
                try loadStreams(database, now) { stream in
                    contents.streams += 1
                    contents.publications += stream.publications.count
                    tables[home(stream.channel)].restore(stream)
                }
                try loadKeys(database, now) { key in
                    contents.keys += 1
                    tables[home(key.channel)].restore(key)
                }
            }
        } catch {
            throw StoreFailure(error, path: settings.path)
        }
        contents.shed = tables.reduce(0) { $0 + Int(clamping: $1.shedPublications &+ $1.shedStreams) }
        return (open(&tables, notify), contents)
    }

    private func open(_ tables: inout [StreamTable], _ notify: [@Sendable () -> Void]) -> [StoreLane] {
        var lanes: [StoreLane] = []
        for (index, notify) in zip(tables.indices, notify) {
            lanes.append(StoreLane(self, share: index + 1, streams: tables[index], notify: notify))
        }
        tables = []
        inbox.withLock { $0.open(lanes: lanes) }
        return lanes
    }

    private func loadStreams(_ database: Database, _ now: WallTime, _ body: (StoredStream) -> Void) throws {
        let publications = try Row.fetchCursor(
            database,
            sql: """
                SELECT stream, offset, expires_at, body FROM publication WHERE expires_at > ?
                ORDER BY stream, offset
                """, arguments: [now.milliseconds])
        let streams = try Row.fetchCursor(
            database,
            sql: """
                SELECT id, channel, epoch, top, version, version_epoch, expires_at FROM stream
                WHERE expires_at > ? ORDER BY id
                """, arguments: [now.milliseconds])
        var next = try publications.next()
        while let row = try streams.next() {
            let id: Int64 = row[0]
            let epoch: String = row[2]
            var kept: [StoredPublication] = []
            // Publications of streams that are over stand between.
            while let publication = next, (publication[0] as Int64) <= id {
                if publication[0] == id { kept.append(try decode(publication, epoch)) }
                next = try publications.next()
            }
            body(
                StoredStream(
                    channel: row[1], epoch: epoch, top: UInt64(clamping: row[3] as Int64),
                    version: row.version(at: 4), expiresAt: WallTime(milliseconds: row[6]), publications: kept
                ))
        }
    }

    private func decode(_ row: Row, _ epoch: String) throws -> StoredPublication {
        let offset = UInt64(clamping: row[1] as Int64)
        let publication = PublicationCoding.decode(row[3], offset: offset, epoch: offset == 1 ? epoch : "")
        guard let publication else {
            throw StoreFailure(.corrupt, path: settings.path, detail: "a publication of no known form")
        }
        return StoredPublication(publication, expiresAt: WallTime(milliseconds: row[2]))
    }

    private func loadKeys(_ database: Database, _ now: WallTime, _ body: (StoredKey) -> Void) throws {
        let rows = try Row.fetchCursor(
            database,
            sql:
                "SELECT channel, key, epoch, offset, expires_at FROM key WHERE expires_at > ? ORDER BY expires_at",
            arguments: [now.milliseconds])
        while let row = try rows.next() {
            let position = StreamPosition(offset: UInt64(clamping: row[3] as Int64), epoch: row[2])
            body(
                StoredKey(
                    channel: row[0], key: row[1], position: position,
                    expiresAt: WallTime(milliseconds: row[4])))
        }
    }

    func loadRecords() throws(StoreFailure) -> [StoredRecord] {
        do {
            return try database.read { database in
                try Row.fetchAll(
                    database,
                    sql:
                        "SELECT kind, key, expires_at, data FROM record WHERE expires_at > ? ORDER BY kind, key",
                    arguments: [settings.now().milliseconds]
                ).map { row in
                    StoredRecord(
                        kind: row[0], key: row[1], until: WallTime(milliseconds: row[2]),
                        data: Array(row[3] as Data))
                }
            }
        } catch {
            throw StoreFailure(error, path: settings.path)
        }
    }
}
