/// Over which time something is estimated.
@frozen public enum EstimateWindow: UInt8, MetricLabel {
    case tenMinutes, day

    public var label: String {
        switch self {
        case .tenMinutes: "10m"
        case .day: "24h"
        }
    }
}

/// What the detectors look at: the signals of BelfryAnomaly, by the same names.
@frozen public enum DetectorLabel: UInt8, MetricLabel {
    case authFailures, failingSubjects, slowStuffing, tokenReplay, addressChurn, connectionFlood, tlsFailures
    case messageRate, fanout, slowConsumers, reconnects, deliveryLatency, errorRatio, silence
    case limiterSaturation, limits
}

/// The alerts of BelfryAnomaly, by the same names.
@frozen public enum AlertLabel: UInt8, MetricLabel {
    case authFailureBurst, credentialStuffing, distributedStuffing, tokenReplay, addressChurn
    case connectionFlood, tlsFailureSpike, tlsDowngradeProbe, messageRateSpike, fanoutAmplification
    case slowConsumers, reconnectStorm, deliveryLatencyShift, errorRatioShift, trafficVanished
    case limiterSaturation, auditLoss, expiryOrClock

    /// Alertmanager's `alertname`.
    public var label: String {
        let name = "\(self)"
        return name.prefix(1).uppercased() + name.dropFirst()
    }
}

/// Whom alerts are sent to.
@frozen public enum AlertReceiver: UInt8, MetricLabel {
    case alertmanager, webhook
}

/// How the relay's own round trip through its public port ended.
@frozen public enum ProbeResult: UInt8, MetricLabel {
    case passed
    /// No connection, or no TLS.
    case unreachable
    /// Connected, and not let in or not answered as it should be.
    case refused
    /// Not back in time.
    case timeout
}

/// Where a publication spends its time.
@frozen public enum MessageStage: UInt8, MetricLabel {
    /// From the bytes of the socket to a command.
    case decode
    /// Permission and limits.
    case authorize
    /// Until the broker has taken it and given it back.
    case broker
    /// Until a connection's turn to write has come.
    case queue
    /// Encryption and the kernel's send.
    case write
}
