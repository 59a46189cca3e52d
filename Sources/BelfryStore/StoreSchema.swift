import Foundation
import GRDB

// The file: how it is opened, and what it looks like in each version.

enum StoreSchema {
    /// "Blfr": tells a store from the databases of other programs.
    static let applicationID = 0x426c_6672
    static let version = 1

    /// WAL: a commit is one sequential write and one sync.
    ///
    /// The lock is held as long as the file is open, so that a second
    /// relay is told at once; it also spares the shared memory file.
    private static let pragmas = """
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 2000;
        PRAGMA journal_size_limit = 67108864;
        PRAGMA cache_size = -8192;
        PRAGMA temp_store = MEMORY;
        """

    static func open(path: String) throws(StoreFailure) -> DatabaseQueue {
        do {
            var configuration = GRDB.Configuration()
            configuration.busyMode = .immediateError
            configuration.label = "belfry.store"
            createPrivate(path)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { database in
                try checkOwner(database, path: path)
                try database.execute(sql: pragmas)
                try migrate(database)
            }
            return queue
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    /// Message bodies are for nobody else; SQLite gives its log the same mode.
    ///
    /// When it fails, opening says why.
    private static func createPrivate(_ path: String) {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        _ = FileManager.default.createFile(
            atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }

    /// What the path leads to; `nil` for nothing.
    static func fileNumber(path: String) -> UInt64? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value
    }

    private static func checkOwner(_ database: Database, path: String) throws {
        let owner = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        if owner != applicationID, tables > 0 || owner != 0 || found != 0 {
            throw StoreFailure(.foreign, path: path, detail: "its application_id is \(owner)")
        }
        if found > version {
            throw StoreFailure(.newerSchema(found: found, known: version), path: path)
        }
    }

    /// One step a version, each in a transaction with the number it leads to.
    private static func migrate(_ database: Database) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        for step in steps.indices.dropFirst(found) {
            try database.inTransaction(.immediate) {
                try database.execute(sql: steps[step])
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(step + 1)")
                return .commit
            }
        }
    }

    private static let steps = [
        """
        CREATE TABLE stream (
            id INTEGER PRIMARY KEY, channel TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL, top INTEGER NOT NULL,
            version INTEGER, version_epoch TEXT, relaxed INTEGER NOT NULL, expires_at INTEGER NOT NULL);
        CREATE TABLE publication (
            stream INTEGER NOT NULL, offset INTEGER NOT NULL, expires_at INTEGER NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY (stream, offset)) WITHOUT ROWID;
        CREATE INDEX publication_by_end ON publication (expires_at);
        CREATE TABLE key (
            channel TEXT NOT NULL, key TEXT NOT NULL, epoch TEXT NOT NULL, offset INTEGER NOT NULL,
            expires_at INTEGER NOT NULL, PRIMARY KEY (channel, key)) WITHOUT ROWID;
        CREATE INDEX key_by_end ON key (expires_at);
        CREATE TABLE record (
            kind TEXT NOT NULL, key TEXT NOT NULL, expires_at INTEGER NOT NULL, data BLOB NOT NULL,
            PRIMARY KEY (kind, key)) WITHOUT ROWID;
        CREATE INDEX record_by_end ON record (expires_at);
        CREATE TABLE state (name TEXT PRIMARY KEY NOT NULL, value BLOB) WITHOUT ROWID;
        """
    ]
}
