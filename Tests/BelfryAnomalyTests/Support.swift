import BelfryAnomaly
import BelfryAnomalyLab
import BelfryBytes
import Foundation
import Testing

extension Instant {
    static func at(_ seconds: Int) -> Instant { Instant(nanoseconds: UInt64(seconds) * 1_000_000_000) }
}

/// Where the data of others is: `BELFRY_DATA`, or `../shared/data` beside the package.
func dataFolder() -> URL {
    if let path = ProcessInfo.processInfo.environment["BELFRY_DATA"] { return URL(filePath: path) }
    return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/data")
}

/// Equal to nine digits, counted from 1 or from their size.
func isClose(_ left: Double, _ right: Double) -> Bool {
    abs(left - right) <= 1e-9 * max(1, abs(left), abs(right))
}

/// A copy that went through bytes.
func restored<Value: Restorable>(_ value: Value, into fresh: Value) throws -> Value {
    var copy = fresh
    try StateReader.restore(&copy, from: try StateWriter.save(value))
    return copy
}
