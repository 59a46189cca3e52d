import Foundation

/// The standard seven about the process, as the kernel tells them.
///
/// A field the kernel does not give (a missing /proc, another layout) is 0: scraping goes on.
struct ProcessSample: Sendable {
    private(set) var cpuNanoseconds: UInt64 = 0
    /// Since 1970.
    private(set) var startNanoseconds: UInt64 = 0
    private(set) var residentBytes: UInt64 = 0
    private(set) var virtualBytes: UInt64 = 0
    private(set) var threads: UInt64 = 0
    private(set) var openDescriptors: UInt64 = 0
    private(set) var maxDescriptors: UInt64 = 0

    /// Billionths of the descriptors that are in use.
    var descriptorPressure: UInt64 {
        guard maxDescriptors > 0 else { return 0 }
        return UInt64(min(1, Double(openDescriptors) / Double(maxDescriptors)) * 1e9)
    }

    /// Reads /proc/self: some 50 µs.
    static func read() -> ProcessSample {
        var sample = ProcessSample()
        sample.take(stat: contents("/proc/self/stat"), limits: contents("/proc/self/limits"))
        sample.openDescriptors = countDescriptors()
        return sample
    }

    private static func contents(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Since Linux 6.2 the directory's size is the count; before, it is 0 and we have to list.
    private static func countDescriptors() -> UInt64 {
        let path = "/proc/self/fd"
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? UInt64
        if let size, size > 0 { return size }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return UInt64(max(0, names.count - 1))  // one of them is the listing itself
    }

    private mutating func take(stat: String, limits: String) {
        // The name in field 2 may hold spaces and brackets; all after the last bracket is numbers (proc(5)).
        let fields = stat.drop { $0 != ")" }.split(separator: " ")
        func field(_ number: Int) -> UInt64 {
            let place = number - 2
            return fields.indices.contains(place) ? UInt64(fields[place]) ?? 0 : 0
        }
        let tick = UInt64(1_000_000_000 / max(1, sysconf(Int32(_SC_CLK_TCK))))
        cpuNanoseconds = (field(14) &+ field(15)) &* tick
        startNanoseconds = Self.wallTime(sinceBoot: field(22) &* tick)
        threads = field(20)
        virtualBytes = field(23)
        residentBytes = field(24) &* UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        let soft = line?.split(separator: " ").dropFirst(3).first ?? ""
        maxDescriptors = soft == "unlimited" ? UInt64(Int64.max) : UInt64(soft) ?? 0
    }

    /// Nanoseconds since 1970 of a moment after boot.
    ///
    /// Not by /proc/stat's btime: the service unit hides that file.
    private static func wallTime(sinceBoot nanoseconds: UInt64) -> UInt64 {
        let (seconds, attoseconds) = ContinuousClock().systemEpoch.duration(to: .now).components
        let uptime =
            UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
        let now = UInt64(max(0, Date().timeIntervalSince1970 * 1e9))
        let start = (now &- uptime) &+ nanoseconds
        // Two clocks read one after the other: round, or the value would tremble from scrape to scrape.
        return (start &+ 5_000_000) / 10_000_000 &* 10_000_000
    }
}
