extension Event {
    /// A limit begins to refuse: once per engagement, not once per refusal.
    ///
    /// - `scope`: which limit, `user.publish`.
    /// - `limit`: as configured, `20/s`.
    /// - `rate`: as observed, `143/s`.
    package static func ratelimitEngaged(
        _ subject: SubjectContext?, scope: String, limit: String, rate: String,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .ratelimitEngaged, subject: subject,
            [.text(.scope, scope), .text(.limit, limit), .text(.rate, rate)], at: .init(file, line))
    }

    package static func ratelimitReleased(
        _ subject: SubjectContext?, scope: String, denied: UInt64, duration: Duration,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .ratelimitReleased, subject: subject,
            [.text(.scope, scope), .number(.denied, denied), .milliseconds(.durationMS, duration)],
            at: .init(file, line))
    }

    package static func ratelimitDisconnect(
        _ connection: ConnectionContext, _ subject: SubjectContext?, denied: UInt64,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .ratelimitDisconnect, connection: connection, subject: subject, [.number(.denied, denied)],
            at: .init(file, line))
    }

    /// - `queueBytes`: what waits for this client.
    /// - `oldest`: how long its first frame has waited.
    /// - `action`: `warn`, `disconnect`.
    package static func consumerSlow(
        _ connection: ConnectionContext, _ subject: SubjectContext?, queueBytes: UInt64, oldest: Duration,
        action: String, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .consumerSlow, connection: connection, subject: subject,
            [
                .number(.queueBytes, queueBytes), .milliseconds(.oldestMS, oldest), .text(.action, action),
            ], at: .init(file, line))
    }

    /// Aggregated by reason; several drops may come as one event.
    package static func messageDropped(
        reason: String, count: UInt64 = 1, roomHash: String?, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .messageDropped, count: count, [.text(.reason, reason), .text(.roomHash, roomHash)],
            at: .init(file, line))
    }

    /// Aggregated by reason; one loop's members of a channel come as one event.
    ///
    /// - `reason`: `gap`, `restarted`, `check`.
    /// - `count`: Subscriptions, each of which its client makes anew.
    package static func positionLost(
        reason: String, count: UInt64, roomHash: String?, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .positionLost, count: count, [.text(.reason, reason), .text(.roomHash, roomHash)],
            at: .init(file, line))
    }

    /// A measure against overload begins or ends.
    ///
    /// - `resource`: what runs out: `descriptors`, `connections`, `history`, `journal`.
    /// - `pressure`: how much of it is in use, in percent.
    /// - `action`: the measure, `refuse_new`.
    /// - `isEntered`: it begins.
    package static func overloadChanged(
        resource: String, pressure: Int, action: String, isEntered: Bool, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .overloadChanged,
            [
                .text(.resource, resource), .text(.pressure, "\(pressure)%"), .text(.action, action),
                .flag(.enter, isEntered),
            ], at: .init(file, line))
    }

    /// Aggregated by kind.
    ///
    /// - `kind`: `publication`, `stream`.
    package static func historyShed(
        kind: String, count: UInt64, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(.historyShed, count: count, [.text(.kind, kind)], at: .init(file, line))
    }
}
