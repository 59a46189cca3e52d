import Dispatch

/// Runs the watch: ticks, and deliveries once a second.
final class AlertTicker {
    private let watch: AlertWatch
    private let timers: [any DispatchSourceTimer]

    init(_ watch: AlertWatch, _ relay: Relay) {
        self.watch = watch
        let tick = relay.configuration.alerts.tick.seconds
        timers = [
            Self.timer(every: tick, on: watch.queue) { watch.tick() },
            Self.timer(every: 1, on: watch.queue) { relay.alertPush.run(at: MonotonicClock.now()) },
        ]
    }

    private static func timer(
        every seconds: Double, on queue: DispatchQueue, _ deed: @escaping @Sendable () -> Void
    ) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + seconds, repeating: seconds)
        timer.setEventHandler(handler: deed)
        timer.activate()
        return timer
    }

    /// Ends it, and has written down what was learnt.
    func stop() {
        for timer in timers { timer.cancel() }
        watch.queue.sync { watch.save() }
    }
}
