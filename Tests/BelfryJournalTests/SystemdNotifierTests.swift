import BelfryBytes
import Foundation
import Glibc
import Testing

@testable import BelfryJournal

/// Each test runs in a process of its own, because the protocol's addresses are environment variables.
@Suite struct SystemdNotifierTests {
    @Test func `the manager hears each state, and a newline in a status is no assignment`() async {
        await #expect(processExitsWith: .success) {
            let manager = FakeManager()
            set("NOTIFY_SOCKET", manager.path)
            let notifier = SystemdNotifier()
            notifier.ready(status: "ready\nWATCHDOG=trigger")
            notifier.status("42 connections")
            notifier.reloading(at: Instant(nanoseconds: 1_234_567_890))
            notifier.watchdog()
            notifier.stopping(status: "draining", within: .seconds(40))
            let heard = (0..<5).map { _ in manager.receive() }
            expectOrExit(
                heard == [
                    "READY=1\nSTATUS=ready\\nWATCHDOG=trigger", "STATUS=42 connections",
                    "RELOADING=1\nMONOTONIC_USEC=1234567", "WATCHDOG=1",
                    "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=40000000",
                ], "\(heard)")
        }
    }

    @Test func `without a manager nothing happens`() async {
        await #expect(processExitsWith: .success) {
            clear("NOTIFY_SOCKET")
            SystemdNotifier().ready(status: "ready")
            expectOrExit(SystemdNotifier.watchdogInterval == nil, "no watchdog")
        }
    }

    @Test func `the watchdog's interval comes from the manager`() async {
        await #expect(processExitsWith: .success) {
            set("WATCHDOG_USEC", "20000000")
            set("WATCHDOG_PID", String(getpid()))
            expectOrExit(SystemdNotifier.watchdogInterval == .seconds(20), "20 s")
            set("WATCHDOG_PID", "1")
            expectOrExit(SystemdNotifier.watchdogInterval == nil, "another process's")
        }
    }
}

@Suite struct ListenDescriptorTests {
    @Test func `without socket activation there are none`() async {
        await #expect(processExitsWith: .success) {
            clear("LISTEN_FDS")
            expectOrExit((try? ListenDescriptor.takeAll()) == [], "none")
        }
    }

    @Test func `a socket arrives with its name, once`() async {
        await #expect(processExitsWith: .success) {
            pass(descriptor: listeningSocket(), name: "wss")
            let taken = try? ListenDescriptor.takeAll()
            expectOrExit(
                taken == [ListenDescriptor(descriptor: 3, name: "wss")], "\(String(describing: taken))")
            expectOrExit(fcntl(3, F_GETFD) & FD_CLOEXEC != 0, "not for children")
            expectOrExit((try? ListenDescriptor.takeAll()) == [], "taken")
        }
    }

    @Test func `what does not listen is refused`() async {
        await #expect(processExitsWith: .success) {
            pass(descriptor: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), name: "side")
            do throws(ListenDescriptorError) {
                _ = try ListenDescriptor.takeAll()
                expectOrExit(false, "accepted")
            } catch {
                expectOrExit(error == .notListening(descriptor: 3, name: "side"), "\(error)")
            }
        }
    }

    @Test func `a Unix socket is refused`() async {
        await #expect(processExitsWith: .success) {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            // With a family and no path, Linux chooses an abstract name.
            var family = sa_family_t(AF_UNIX)
            let bound = unsafe withUnsafeMutableBytes(of: &family) {
                unsafe bind(
                    descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
            expectOrExit(bound == 0 && listen(descriptor, 1) == 0, "listen")
            pass(descriptor: descriptor, name: "wss")
            do throws(ListenDescriptorError) {
                _ = try ListenDescriptor.takeAll()
                expectOrExit(false, "accepted")
            } catch {
                expectOrExit(error == .notListening(descriptor: 3, name: "wss"), "\(error)")
            }
        }
    }

    @Test func `a malformed environment is an error`() async {
        await #expect(processExitsWith: .success) {
            set("LISTEN_PID", String(getpid()))
            set("LISTEN_FDS", "many")
            do throws(ListenDescriptorError) {
                _ = try ListenDescriptor.takeAll()
                expectOrExit(false, "accepted")
            } catch {
                expectOrExit(error == .environment(errno: EINVAL), "\(error)")
            }
        }
    }
}

private func set(_ name: String, _ value: String) {
    expectOrExit(unsafe setenv(name, value, 1) == 0, "setenv \(name)")
}

private func clear(_ name: String) {
    expectOrExit(unsafe unsetenv(name) == 0, "unsetenv \(name)")
}

/// In an exit test the process is the verdict.
private func expectOrExit(_ condition: Bool, _ text: String) {
    guard !condition else { return }
    FileHandle.standardError.write(Data("not as expected: \(text)\n".utf8))
    exit(1)
}

private func listeningSocket() -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    // Unbound, the kernel chooses a port.
    expectOrExit(listen(descriptor, 1) == 0, "listen")
    return descriptor
}

/// As systemd does it: descriptor 3 and three variables.
private func pass(descriptor: Int32, name: String) {
    reserveDescriptor3()
    expectOrExit(dup2(descriptor, 3) == 3, "dup2")
    set("LISTEN_PID", String(getpid()))
    set("LISTEN_FDS", "1")
    set("LISTEN_FDNAMES", name)
}

/// Another thread of the test's runtime may hold 3 for a moment, and would close ours with its own.
///
/// Whoever holds it for longer than this holds it to the end.
private func reserveDescriptor3() {
    let pause = Wakeup()
    for _ in 0..<200 {
        let descriptor = dup(2)
        if descriptor == 3 { return }
        close(descriptor)
        _ = pause.wait(until: Clocks.now() + .milliseconds(1))
    }
}

/// The other end of NOTIFY_SOCKET.
private final class FakeManager {
    let path: String
    private let descriptor: Int32

    init() {
        path = FileManager.default.temporaryDirectory.appending(path: "belfry-notify-\(getpid())").path()
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        _ = unsafe unlink(path)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        expectOrExit(result == 0, "bind \(path)")
    }

    deinit { _ = unsafe unlink(path) }

    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
