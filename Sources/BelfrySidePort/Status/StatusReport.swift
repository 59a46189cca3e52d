import BelfryObserve
import Foundation

// What /status answers. Names are snake case in JSON; times are seconds, sizes bytes, rates per second.

/// How the relay is doing, at one second.
package struct StatusReport: Sendable, Encodable {
    struct Rate: Encodable, Equatable {
        /// Since the start.
        var total: UInt64
        /// Per second over the last ten seconds, and over the last minute.
        var rate10s: Double
        var rate60s: Double
    }

    struct Connections: Encodable {
        var open: Int64 = 0
        /// By stage: tls, http, auth, active, closing.
        var stages: [String: Int64] = [:]
        var limit: Int64 = 0
    }

    struct Population: Encodable {
        var users: Int64 = 0
        var rooms: Int64 = 0
        var memberships: Int64 = 0
    }

    struct Traffic: Encodable {
        var accepts, rejects, closes, commands, publications, deliveries, refusals, authAttempts,
            authFailures: Rate
        var bytesReceived, bytesSent, drops: Rate
    }

    struct Close: Encodable, Equatable {
        var by: String
        var reason: String
        var total: UInt64
        var lastMinute: UInt64
    }

    /// Of the last minute.
    struct Latency: Encodable, Equatable {
        var count: UInt64 = 0
        var p50: Double?
        var p99: Double?
    }

    struct Pressure: Encodable {
        var queueBytes: Int64 = 0
        var queueMessages: Int64 = 0
        var slowConsumers: Int64 = 0
        var throttledUsers: Int64 = 0
        var loopLagP99: Double?
    }

    struct Process: Encodable {
        /// Processors in use over the last ten seconds.
        var cpu: Double = 0
        var cpuSeconds: Double = 0
        var processors: Int = 0
        var residentBytes: Int64 = 0
        var memoryBytes: UInt64 = 0
        var openDescriptors: Int64 = 0
        var maxDescriptors: Int64 = 0
        var threads: Int64 = 0
    }

    struct Journal: Encodable {
        var route = ""
        var verification = ""
        var lastVerified: String?
        var queue: Int64 = 0
        var dropped: UInt64 = 0
        var droppedLastMinute: UInt64 = 0
    }

    struct Store: Encodable {
        var path = ""
        var isFailing = false
        var failure: String?
        var bytes: Int64 = 0
        var queueBytes: Int64 = 0
    }

    struct Certificate: Encodable {
        var name: String
        var notAfter: String
        /// Whole days; negative when it is over.
        var daysLeft: Int
    }

    struct Alerts: Encodable, Equatable {
        var critical = 0
        var warning = 0
        var info = 0
        /// Of any severity; in none of the other counts.
        var shadow = 0
        var firing: [StatusFacts.FiringAlert] = []
    }

    struct Probe: Encodable {
        var isOn = false
        var passed: UInt64 = 0
        var failed: UInt64 = 0
        var passedLastMinute: UInt64 = 0
        var failedLastMinute: UInt64 = 0
        var lastSuccess: String?
    }

    struct Loop: Encodable {
        var name: String
        var sinceLastTick: Double
        var isAlive: Bool
    }

    struct History: Encodable {
        var stepSeconds = Int(StatusHistory.step.components.seconds)
        /// Oldest first; at most ten minutes.
        var points: [StatusPoint]
    }

    var version, commit, node, state, time: String
    /// Seconds.
    var uptime: Double
    var verdict = StatusVerdict()
    var alerts: Alerts?
    var connections = Connections()
    var population = Population()
    var traffic: Traffic
    /// What has closed connections, the most frequent first; only what has happened.
    var closes: [Close]
    var delivery: Latency
    var pressure = Pressure()
    var process = Process()
    var journal = Journal()
    /// `nil` when nothing is kept on disk.
    var store: Store?
    var certificates: [Certificate]
    var probe = Probe()
    var loops: [Loop]
    /// The newest step of the history; `nil` before the first is over.
    var point: StatusPoint?
    /// Left out of the stream.
    var history: History?
}

extension StatusReport {
    /// As JSON, without a line end.
    func json() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(self)).map(Array.init) ?? Array("{}".utf8)
    }

    /// The same without its history, which a follower has already.
    var withoutHistory: StatusReport {
        var short = self
        short.history = nil
        return short
    }
}
