extension Event {
    /// The process begins.
    ///
    /// - `configurationHash`: of the configuration with its secrets left out.
    /// - `isFirstProcess`: true as PID 1 of a container, where nobody reaps and no default signal acts.
    package static func serviceStart(
        version: String, commit: String, openSSL: String, configurationHash: String, isFirstProcess: Bool,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .serviceStart,
            [
                .text(.version, version), .text(.commit, commit), .text(.openssl, openSSL),
                .text(.configHash, configurationHash), .flag(.pid1, isFirstProcess),
            ], at: .init(file, line))
    }

    /// Every listener accepts.
    ///
    /// - `activated`: true when the sockets came from systemd.
    package static func serviceReady(
        listeners: [String], startup: Duration, activated: Bool, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .serviceReady,
            [
                .text(.listeners, listeners.joined(separator: ",")), .milliseconds(.startupMS, startup),
                .flag(.activated, activated),
            ], at: .init(file, line))
    }

    /// Draining begins.
    ///
    /// - `signal`: `SIGTERM`, or `api` when no signal asked for it.
    package static func serviceStopping(
        signal: String, openConnections: Int, drain: Duration, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .serviceStopping,
            [.text(.signal, signal), .number(.openConns, openConnections), .seconds(.drainSec, drain)],
            at: .init(file, line))
    }

    /// The last entry of a process.
    ///
    /// Its AUDIT_LAST_SEQ is its own number: nothing audited comes after it.
    ///
    /// - `isClean`: every connection was closed in order, nothing waited when the time was over.
    package static func serviceStopped(
        uptime: Duration, connections: UInt64, messages: UInt64, isClean: Bool,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .serviceStopped,
            [
                .seconds(.uptimeSec, uptime), .number(.connsTotal, connections),
                .number(.msgsTotal, messages),
                Detail(field: .auditLastSeq, value: .ownSequence), .flag(.clean, isClean),
            ], at: .init(file, line))
    }

    /// A configuration came into force, at start or by reload.
    ///
    /// - `changedKeys`: dotted names of the keys that differ from the one before; empty at start.
    /// - `restartKeys`: dotted names of the keys that differ from what is in force until the next start.
    package static func configLoaded(
        hash: String, changedKeys: [String], restartKeys: [String], file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .configLoaded,
            [
                .text(.configHash, hash),
                .text(.changedKeys, list(changedKeys, limit: JournalField.changedKeys.limit)),
                .text(.restartKeys, list(restartKeys, limit: JournalField.restartKeys.limit)),
            ], at: .init(file, line))
    }

    /// As many whole names as fit into `limit` bytes, and how many more there are; `nil` when there are none.
    private static func list(_ names: [String], limit: Int) -> String? {
        // For ",+" and a number of up to six digits.
        let room = limit - 8
        var text = ""
        for (index, name) in names.enumerated() {
            guard text.utf8.count + name.utf8.count < room else { return "\(text),+\(names.count - index)" }
            text += index == 0 ? name : ",\(name)"
        }
        return text.isEmpty ? nil : text
    }

    /// A reload was refused; the configuration before it stays in force.
    ///
    /// - `row`: the line of the file, from 1; nil when the error is about the file as a whole.
    package static func configRejected(
        path: String, row: Int?, error: String, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .configRejected, [.text(.file, path), .number(.line, row), .text(.error, error)],
            at: .init(file, line))
    }

    /// The level below which information is left out of the journal changed.
    ///
    /// Audit events have no level.
    package static func logLevelChanged(
        from old: Priority, to new: Priority, by actor: String, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .logLevelChanged, [.text(.from, old.name), .text(.to, new.name), .text(.by, actor)],
            at: .init(file, line))
    }

    /// - `descriptorName`: the socket unit's FileDescriptorName, when systemd opened it.
    package static func listenerOpen(
        address: String, descriptorName: String?, backlog: Int, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .listenerOpen,
            [.text(.addr, address), .text(.fdName, descriptorName), .number(.backlog, backlog)],
            at: .init(file, line))
    }

    /// A socket could not be opened, or `accept` fails for a reason of ours (descriptors, memory).
    package static func listenerError(
        address: String, errno: Int32, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(.listenerError, [.text(.addr, address), .number(.errno, errno)], at: .init(file, line))
    }

    /// A writing request on the side port, answered or refused.
    package static func adminRequest(
        peerAddress: String, method: String, path: String, status: Int, actor: String?,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .adminRequest,
            [
                .text(.peerAddr, peerAddress), .text(.method, method), .text(.path, path),
                .number(.status, status), .text(.actor, actor),
            ], at: .init(file, line))
    }

    /// - `by`: how far; its sign says which way.
    package static func clockStepped(
        by step: Duration, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .clockStepped,
            [
                .text(.kind, step < .zero ? "back" : "forward"),
                .milliseconds(.durationMS, step < .zero ? .zero - step : step),
            ], at: .init(file, line))
    }

    /// The first of a row of failed round trips through the public port.
    ///
    /// - `phase`: `connect`, `tls`, `upgrade`, `session`.
    package static func probeFailed(
        phase: String, error: String, attempts: Int, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .probeFailed, [.text(.phase, phase), .text(.error, error), .number(.attempts, attempts)],
            at: .init(file, line))
    }

    /// - `outage`: since the first failure.
    package static func probePassed(
        outage: Duration, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(.probePassed, [.seconds(.durationSec, outage)], at: .init(file, line))
    }
}
