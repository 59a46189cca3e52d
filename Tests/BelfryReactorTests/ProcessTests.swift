import BelfryBytes
import BelfryReactor
import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Process and threads")
struct ProcessTests {
    final class Box<Value: Sendable>: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
    }

    @Test func `a thread runs its closure under its name, and join waits for it`() throws {
        let name = Box("")
        let thread = try RunningThread.start(named: "a-name-longer-than-linux-keeps") {
            let text = ProcessTests.threadName("/proc/thread-self/comm") ?? ""
            name.value.withLock { $0 = text }
        }
        thread.join()
        #expect(name.value.withLock { $0 } == "a-name-longer-t")
    }

    @Test func `a thread's heap that was grown ahead has room behind what it holds`() throws {
        let room = Box<UInt?>(nil)
        let thread = try RunningThread.start(named: "heap") {
            ThreadHeap.prepare()
            ThreadHeap.growAhead()
            guard let block = unsafe malloc(100) else { return }
            let start = UInt(bitPattern: block)
            let end = ProcessTests.mappings().first { $0.contains(start) }?.upperBound
            room.value.withLock { $0 = end.map { $0 - start } }
            unsafe free(block)
        }
        thread.join()
        // Ungrown, a new thread's heap ends after 132 KB.
        #expect(room.value.withLock { $0 } ?? 0 >= 1 << 20)
    }

    /// The process's writable memory.
    private static func mappings() -> [Range<UInt>] {
        let lines = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8))?.split(separator: "\n")
        return (lines ?? []).compactMap { line in
            let parts = line.split(separator: " ")
            guard parts.count > 1, parts[1].hasPrefix("rw"), let dash = parts[0].firstIndex(of: "-"),
                let start = UInt(parts[0][..<dash], radix: 16),
                let end = UInt(parts[0][parts[0].index(after: dash)...], radix: 16)
            else { return nil }
            return start..<end
        }
    }

    @Test func `what a closure holds is freed when its thread has ended`() throws {
        final class Held: Sendable {}
        weak var held: Held?
        do {
            let value = Held()
            held = value
            let thread = try RunningThread.start(named: "holder") { withExtendedLifetime(value) {} }
            thread.join()
        }
        #expect(held == nil)
    }

    @Test func `a plain write to a dead socket returns EPIPE once broken pipes are ignored`() async {
        await #expect(processExitsWith: .success) {
            try ProcessSetup.ignoreBrokenPipes()
            var ends: [Int32] = [0, 0]
            #expect(unsafe pipe(&ends) == 0)
            close(ends[0])
            var byte: UInt8 = 1
            #expect(unsafe write(ends[1], &byte, 1) == -1)
            #expect(errno == EPIPE)
        }
    }

    @Test func `the descriptor limit is raised to the hard one`() async {
        await #expect(processExitsWith: .success) {
            try ProcessSetup.setDescriptorLimit(64)
            let limits = try ProcessSetup.raiseDescriptorLimit()
            #expect(limits.soft == limits.hard)
            #expect(limits.soft > 64)
        }
    }

    @Test func `there is at least one core, and no more than the machine has`() {
        #expect(ProcessSetup.availableCores >= 1)
        #expect(ProcessSetup.availableCores <= sysconf(Int32(_SC_NPROCESSORS_CONF)))
    }

    @Test func `signals arrive as values on the watch's thread`() async {
        await #expect(processExitsWith: .success) {
            let seen = ProcessTests.Box<[ProcessSignal]>([])
            let done = try LinuxKernel()
            let waker = done.waker
            let watch = try SignalWatch.start { signal in
                seen.value.withLock { $0.append(signal) }
                // Blocked here and directed at this thread: this descriptor is the only way it can arrive.
                switch signal {
                case .reload: raise(SIGINT)
                case .interrupt: raise(SIGTERM)
                case .terminate: waker.wake()
                }
            }
            // The thread names itself when it first runs.
            while ProcessTests.threadID(named: "signals") == nil { sched_yield() }
            let thread = try ProcessTests.threadID(named: "signals").orThrow("it has ended")
            // Directed at that thread: the others do not block the signal, and would die of it.
            #expect(tgkill(getpid(), thread, SIGHUP) == 0)
            _ = done.wait(until: done.now() + .seconds(20))
            watch.stop()
            #expect(seen.value.withLock { $0 } == [.reload, .interrupt, .terminate])
        }
    }

    @Test func `the host's name is the kernel's`() throws {
        let name = try #require(ProcessSetup.hostName)
        var system = utsname()
        #expect(unsafe uname(&system) == 0)
        let node = unsafe withUnsafeBytes(of: system.nodename) { unsafe Array($0.prefix { $0 != 0 }) }
        #expect(Array(name.utf8) == node)
    }

    static func threadID(named name: String) -> Int32? {
        guard let tasks = unsafe opendir("/proc/self/task") else { return nil }
        defer { unsafe closedir(tasks) }
        while let entry = unsafe readdir(tasks) {
            let text = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if let id = Int32(text), threadName("/proc/self/task/\(text)/comm") == name { return id }
        }
        return nil
    }

    private static func threadName(_ path: String) -> String? {
        let file = unsafe open(path, O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = unsafe read(file, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(count, 0)).prefix { $0 != 10 }, as: UTF8.self)
    }
}

/// tgkill(2), which Swift's Glibc module does not show.
@_silgen_name("tgkill") private func tgkill(_ process: Int32, _ thread: Int32, _ signal: Int32) -> Int32
