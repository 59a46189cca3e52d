import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfryStore
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
    /// The command line asks for something that cannot be.
    package static let usage: Int32 = 64
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
            let sockets = try InheritedSockets.take()
            noteExposure(of: sockets)
            try ProcessSetup.ignoreBrokenPipes()
            _ = try ProcessSetup.raiseDescriptorLimit()
            ThreadHeap.prepare()
            let orders = OrderBox()
            let watch = try SignalWatch.start { orders.put(ProcessOrder($0)) }
            let code = try run(loaded.configuration, path, application, sockets, orders)
            watch.stop()
            return code
        } catch {
            return complain("\(error)", ExitCode.failure)
        }
    }

    private static func run(
        _ configuration: Configuration, _ path: String, _ application: ApplicationKind,
        _ sockets: InheritedSockets, _ orders: OrderBox
    ) throws -> Int32 {
        let started = ContinuousClock.now
        let journal = try Journal(configuration.journalSettings)
        defer { journal.close(flushWithin: .seconds(2)) }
        journal.record(
            .serviceStart(
                version: BelfryVersion.number, commit: BelfryVersion.commit, openSSL: TLSLibraryVersion.text,
                configurationHash: configuration.fingerprint,
                isFirstProcess: ProcessInfo.processInfo.processIdentifier == 1))
        let relay = try Relay(
            configuration, path: path, application: application, journal: journal, sockets: sockets)
        // It answers to the end: the process takes it along, since stopping it first has NIO complain on standard error.
        _ = try RunningSidePort.start(relay, orders)
        let notifier = SystemdNotifier()
        let housekeeping = Housekeeping(relay: relay)
        let alerts =
            application == .relay
            ? relay.watchAlerts(probe: { relay.probeState.takeOutcome() }, note: note) : nil
        relay.registry.state = .serving
        let listeners = relay.addresses.map(\.description)
        journal.record(.configLoaded(hash: configuration.fingerprint, changedKeys: [], restartKeys: []))
        journal.record(
            .serviceReady(
                listeners: listeners, startup: ContinuousClock.now - started, activated: !sockets.isEmpty))
        notifier.ready(status: relay.statusLine)
        let reports = ServiceReports(relay: relay, notifier: notifier, on: housekeeping.queue)
        note("belfry \(BelfryVersion.number) listens on \(listeners.joined(separator: ", "))")
        let probe = try SelfProbe.start(relay)
        serve(relay, orders, notifier) { probe?.stop() }
        relay.endTaps()
        alerts?.stop()
        reports.stop()
        housekeeping.stop()
        relay.limits.settleAll()
        relay.store?.close()
        stopped(relay, since: started)
        journal.close(flushWithin: .seconds(2))
        relay.endEntries()
        return ExitCode.success
    }

    /// For the store and the journal to be written out when the last client is gone.
    private static let afterDrain = Duration.seconds(10)

    /// Waits for orders; returns when the loops have ended.
    ///
    /// `onStopping` runs before clients are sent away.
    private static func serve(
        _ relay: Relay, _ orders: OrderBox, _ notifier: SystemdNotifier, onStopping: () -> Void
    ) {
        relay.loops.notify(queue: .global()) { orders.end() }
        while let order = orders.next() {
            switch order {
            case .reload:
                notifier.reloading(at: MonotonicClock.now())
                let isGood = relay.reload()
                notifier.ready(
                    status: isGood ? relay.statusLine : "reload refused, see the journal; \(relay.statusLine)"
                )
            case .stop(let cause):
                onStopping()
                // Whoever asks twice does not want to wait for the waves.
                let drain = relay.isDraining ? .zero : relay.configuration.server.drain
                relay.journal.record(
                    .serviceStopping(
                        signal: cause, openConnections: relay.admission.count, drain: drain))
                relay.drain(over: drain)
                notifier.stopping(status: relay.statusLine, within: drain + afterDrain)
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

    /// The configuration's own warning knows `side_port.listen` only.
    private static func noteExposure(of sockets: InheritedSockets) {
        guard let side = sockets.side?.address, !side.isLoopback else { return }
        note("warning: socket side: \(ConfigurationWarning.Reason.sidePortExposed) (\(side))")
    }

    /// One line for whoever started the process by hand; the journal has it as well, in its own words.
    private static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    private static func complain(_ text: String, _ code: Int32) -> Int32 {
        note(text)
        return code
    }
}
