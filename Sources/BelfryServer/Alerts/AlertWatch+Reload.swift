import BelfryAnomaly
import BelfryBytes
import BelfrySidePort
import Dispatch
import Synchronization

// What outlives a reload and a restart.

extension AlertWatch {
    /// Takes another configuration, on ``queue``; nothing that was learnt is lost.
    ///
    /// Alerts that change their mode end as what they were, and begin as what they are.
    func adopt(_ configuration: Configuration) {
        queue.async { [self] in
            let now = MonotonicClock.now()
            let told = state.withLock { turn(&$0, to: configuration) }
            tell(told, at: now)
            relay.alertPush.adopt(
                configuration, firing: relay.alertDesk.alerts().filter(\.isFiring), at: now)
            if !configuration.alerts.isEnabled { save() }
        }
    }

    private func turn(_ state: inout State, to configuration: Configuration) -> [AlertTransition] {
        let alerts = configuration.alerts
        state.scribe = relay.alertScribe(configuration)
        if alerts.isEnabled, !state.isOn { wake(&state) }
        if !alerts.isEnabled, state.isOn { rest(&state) }
        let off = alerts.isEnabled ? alerts.names(.off) : Set(AlertName.allCases)
        let told = state.bank.change(shadow: alerts.names(.shadow), off: off)
        relay.detectorDesk.turn(isOn: alerts.isEnabled, state.bank.standings)
        return told
    }

    /// As after a restart: what was learnt over days is kept, the last minutes are not.
    private func wake(_ state: inout State) {
        var bank = DetectorBank(seed: .random(in: 0 ... .max))
        if let learnt = try? StateWriter.save(state.bank) { try? StateReader.restore(&bank, from: learnt) }
        state.bank = bank
        state.reader = Self.reader(relay)
        state.clock = ClockWatch()
        (state.isOn, state.hasBeenOn) = (true, true)
    }

    /// What is shown is no older than the last tick that was judged.
    private func rest(_ state: inout State) {
        (state.isOn, state.isAsking) = (false, false)
        state.distinct = DistinctWindows()
        show(state.distinct)
        showNothing()
        relay.top.forgetRecent()
    }

    // MARK: What was learnt

    func saveIfDue(at now: Instant) {
        let isDue = state.withLock { now - $0.savedAt >= Self.saveInterval }
        if isDue { save() }
    }

    /// Writes down what was learnt; each reason of a failure is told once.
    func save() {
        let learnt: DetectorBank? = state.withLock { state in
            state.savedAt = MonotonicClock.now()
            return state.hasBeenOn ? state.bank : nil
        }
        guard let file, let learnt else { return }
        let failure = file.save(learnt)
        let isNew = state.withLock { state in
            defer { state.saveFailure = failure }
            return state.saveFailure != failure
        }
        if isNew, let failure { note(failure) }
    }
}
