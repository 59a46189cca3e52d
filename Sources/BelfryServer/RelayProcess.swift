import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfryTLS
import Dispatch
import Foundation
import Synchronization

// A relay as a process: exit codes, signals, and the order of start and stop.

/// What the shell and systemd see (sysexits.h, systemd.exec(5)).
package enum ExitCode {
    package static let success: Int32 = 0
    /// Certificates, keys or a port are not to be had.
    package static let failure: Int32 = 1
    /// The configuration is wrong.
    package static let configuration: Int32 = 78
}

package enum RelayProcess {
    /// Runs until it is told to stop.
    ///
    /// Call it on the main thread before any other thread exists, so that all of them inherit which signals are
    /// blocked.
    ///
    /// - Returns: The exit code.
    package static func run(configuration path: String, application: ApplicationKind) -> Int32 {
        let loaded: LoadedConfiguration
        do {
            loaded = try Configuration.load(path: path, environment: ProcessEnvironment.variables)
        } catch {
            return complain("\(error)", ExitCode.configuration)
        }
        for warning in loaded.warnings { note("warning: \(warning)") }
        do {
            try ProcessSetup.ignoreBrokenPipes()
            _ = try ProcessSetup.raiseDescriptorLimit()
            let signals = SignalBox()
            let watch = try SignalWatch.start { signals.put($0) }
            let code = try run(loaded.configuration, path, application, signals)
            watch.stop()
            return code
        } catch {
            return complain("\(error)", ExitCode.failure)
        }
    }

    private static func run(
        _ configuration: Configuration, _ path: String, _ application: ApplicationKind, _ signals: SignalBox
    ) throws -> Int32 {
        let started = ContinuousClock.now
        let journal = try Journal(configuration.journalSettings)
        defer { journal.close(flushWithin: .seconds(2)) }
        journal.record(
            .serviceStart(
                version: BelfryVersion.number, commit: BelfryVersion.commit, openSSL: TLSLibraryVersion.text,
                configurationHash: configuration.fingerprint,
                isFirstProcess: ProcessInfo.processInfo.processIdentifier == 1))
        let relay = try Relay(configuration, path: path, application: application, journal: journal)
        // It answers to the end: the process takes it along, since stopping it first has NIO complain on standard error.
        _ = try RunningSidePort.start(relay)
        let notifier = SystemdNotifier()
        let housekeeping = Housekeeping(relay: relay, notifier: notifier)
        relay.registry.state = .serving
        let listeners = relay.addresses.map(\.description)
        journal.record(.configLoaded(hash: configuration.fingerprint, changedKeys: []))
        journal.record(
            .serviceReady(listeners: listeners, startup: ContinuousClock.now - started, activated: false))
        notifier.ready(status: "listening on \(listeners.joined(separator: ", "))")
        note("belfry \(BelfryVersion.number) listens on \(listeners.joined(separator: ", "))")
        serve(relay, signals, notifier)
        housekeeping.stop()
        relay.limits.settleAll()
        stopped(relay, since: started)
        return ExitCode.success
    }

    /// Waits for signals; returns when the loops have ended.
    private static func serve(_ relay: Relay, _ signals: SignalBox, _ notifier: SystemdNotifier) {
        relay.loops.notify(queue: .global()) { signals.end() }
        while let signal = signals.next() {
            switch signal {
            case .reload:
                notifier.reloading(at: MonotonicClock.now())
                relay.reload()
                notifier.ready(status: "reloaded")
            case .terminate, .interrupt:
                // Whoever asks twice does not want to wait for the waves.
                let drain = relay.isDraining ? .zero : relay.configuration.server.drain
                notifier.stopping(status: "sending \(relay.admission.count) clients away")
                relay.journal.record(
                    .serviceStopping(
                        signal: signal == .terminate ? "SIGTERM" : "SIGINT",
                        openConnections: relay.admission.count, drain: drain))
                relay.drain(over: drain)
            }
        }
    }

    private static func stopped(_ relay: Relay, since started: ContinuousClock.Instant) {
        let snapshot = relay.registry.snapshot()
        relay.journal.record(
            .serviceStopped(
                uptime: ContinuousClock.now - started, connections: snapshot[.listenerAccepts],
                messages: snapshot[.messagesDelivered], isClean: relay.admission.count == 0))
    }

    /// One line for whoever started the process by hand; the journal has it as well, in its own words.
    private static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    private static func complain(_ text: String, _ code: Int32) -> Int32 {
        note(text)
        return code
    }
}

/// Signals on their way to the main thread.
final class SignalBox: Sendable {
    private let waiting = Mutex<[ProcessSignal]>([])
    private let ended = Atomic<Bool>(false)
    private let semaphore = DispatchSemaphore(value: 0)

    func put(_ signal: ProcessSignal) {
        waiting.withLock { $0.append(signal) }
        semaphore.signal()
    }

    /// Nothing more to wait for.
    func end() {
        ended.store(true, ordering: .relaxed)
        semaphore.signal()
    }

    /// The next signal, or `nil` at the end.
    func next() -> ProcessSignal? {
        semaphore.wait()
        if ended.load(ordering: .relaxed) { return nil }
        return waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
