import GRDB

/// Why the store can not do its work, in the operator's words: the file, what is wrong with it, and what helps.
package struct StoreFailure: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        /// Another process has the file open.
        case inUse
        /// A file that SQLite does not know, or a database of another program.
        case foreign
        /// Its pages contradict each other.
        case corrupt
        /// Written by a later release.
        case newerSchema(found: Int, known: Int)
        /// No room on the disk, or under a limit of the process.
        case full
        /// The file or its directory can not be opened, read or written.
        case unavailable
        /// Somebody has moved or removed the file: what is written now would be gone at the next start.
        case removed
        /// The store has been closed: the relay ends.
        case closed
    }

    package let kind: Kind
    package let path: String
    /// What SQLite or the system said.
    package let detail: String

    package init(_ kind: Kind, path: String, detail: String = "") {
        self.kind = kind
        self.path = path
        self.detail = detail
    }

    /// Trying again without a new start can not help.
    package var isFinal: Bool {
        switch kind {
        case .full, .unavailable: false
        case .inUse, .foreign, .corrupt, .newerSchema, .removed, .closed: true
        }
    }

    package var description: String {
        "\(path): \(problem)\(detail.isEmpty ? "" : " (\(detail))"); \(remedy)"
    }

    private var problem: String {
        switch kind {
        case .inUse: "another process uses this store"
        case .foreign: "not a store of Belfry"
        case .corrupt: "the store is damaged"
        case .newerSchema(let found, let known):
            "the store has schema \(found), and this release knows schemas up to \(known)"
        case .full: "no room to write"
        case .unavailable: "the store can not be read and written"
        case .removed: "the file was moved or removed while in use"
        case .closed: "the store is closed"
        }
    }

    private var remedy: String {
        switch kind {
        case .inUse: "stop the other relay, or give this one a history.path of its own"
        case .foreign: "name another file in history.path"
        case .corrupt: "restore it from a backup, or move it away to begin with an empty one"
        case .newerSchema: "start that release again, or move the file away to begin with an empty one"
        case .full: "free space on its file system"
        case .unavailable: "see to it that its directory exists and that the relay may write there"
        case .removed: "start the relay again; put the file back before, to keep what is in it"
        case .closed: "the relay is ending"
        }
    }
}

extension StoreFailure {
    init(_ error: any Error, path: String) {
        if let failure = error as? StoreFailure {
            self = failure
        } else if let error = error as? DatabaseError {
            self.init(Kind(error.resultCode), path: path, detail: error.message ?? "\(error.resultCode)")
        } else {
            self.init(.unavailable, path: path, detail: "\(error)")
        }
    }
}

extension StoreFailure.Kind {
    fileprivate init(_ code: ResultCode) {
        self =
            switch code {
            case .SQLITE_BUSY, .SQLITE_LOCKED: .inUse
            case .SQLITE_NOTADB: .foreign
            case .SQLITE_CORRUPT: .corrupt
            case .SQLITE_FULL: .full
            default: .unavailable
            }
    }
}
