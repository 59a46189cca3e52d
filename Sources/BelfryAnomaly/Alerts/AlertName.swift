/// What the detectors look at.
///
/// The raw value is the label of the detector's metrics.
package enum Signal: String, CaseIterable, Sendable {
    case authFailures = "auth_failures"
    case failingSubjects = "failing_subjects"
    case slowStuffing = "slow_stuffing"
    case tokenReplay = "token_replay"
    case addressChurn = "address_churn"
    case connectionFlood = "connection_flood"
    case tlsFailures = "tls_failures"
    case messageRate = "message_rate"
    case fanout = "fanout"
    case slowConsumers = "slow_consumers"
    case reconnects = "reconnects"
    case deliveryLatency = "delivery_latency"
    case errorRatio = "error_ratio"
    case silence = "silence"
    case limiterSaturation = "limiter_saturation"
    case limits = "limits"

    /// What is usual is learnt; else its limits are fixed.
    package var learns: Bool {
        switch self {
        case .failingSubjects, .tokenReplay, .addressChurn, .limits: false
        default: true
        }
    }
}

package enum AlertSeverity: String, CaseIterable, Sendable {
    case critical
    case warning
    case info
}

/// Every alert that the relay can raise.
///
/// The raw value is Alertmanager's `alertname`.
package enum AlertName: String, CaseIterable, Sendable {
    case authFailureBurst = "AuthFailureBurst"
    case credentialStuffing = "CredentialStuffing"
    case distributedStuffing = "DistributedStuffing"
    case tokenReplay = "TokenReplay"
    case addressChurn = "AddressChurn"
    case connectionFlood = "ConnectionFlood"
    case tlsFailureSpike = "TlsFailureSpike"
    case tlsDowngradeProbe = "TlsDowngradeProbe"
    case messageRateSpike = "MessageRateSpike"
    case fanoutAmplification = "FanoutAmplification"
    case slowConsumers = "SlowConsumers"
    case reconnectStorm = "ReconnectStorm"
    case deliveryLatencyShift = "DeliveryLatencyShift"
    case errorRatioShift = "ErrorRatioShift"
    case trafficVanished = "TrafficVanished"
    case limiterSaturation = "LimiterSaturation"
    case auditLoss = "AuditLoss"
    case expiryOrClock = "ExpiryOrClock"

    /// The heading of its runbook, and the name of the runbook's file without `.md`.
    package var runbook: String { rawValue }

    package var severity: AlertSeverity {
        switch self {
        case .authFailureBurst, .credentialStuffing, .tokenReplay, .connectionFlood, .reconnectStorm,
            .deliveryLatencyShift, .trafficVanished, .auditLoss:
            .critical
        case .distributedStuffing, .addressChurn, .tlsFailureSpike, .messageRateSpike, .fanoutAmplification,
            .slowConsumers, .errorRatioShift, .limiterSaturation, .expiryOrClock:
            .warning
        case .tlsDowngradeProbe: .info
        }
    }

    package var signal: Signal {
        switch self {
        case .authFailureBurst: .authFailures
        case .credentialStuffing: .failingSubjects
        case .distributedStuffing: .slowStuffing
        case .tokenReplay: .tokenReplay
        case .addressChurn: .addressChurn
        case .connectionFlood: .connectionFlood
        case .tlsFailureSpike, .tlsDowngradeProbe: .tlsFailures
        case .messageRateSpike: .messageRate
        case .fanoutAmplification: .fanout
        case .slowConsumers: .slowConsumers
        case .reconnectStorm: .reconnects
        case .deliveryLatencyShift: .deliveryLatency
        case .errorRatioShift: .errorRatio
        case .trafficVanished: .silence
        case .limiterSaturation: .limiterSaturation
        case .auditLoss, .expiryOrClock: .limits
        }
    }

    /// Ticks in a row that its condition must be true before it fires, the first included.
    ///
    /// Conditions that stand on minutes of their own need no second look; those of one tick do.
    package var pendingTicks: Int {
        switch self {
        case .credentialStuffing, .tokenReplay, .addressChurn, .distributedStuffing, .auditLoss,
            .expiryOrClock:
            1
        case .authFailureBurst, .connectionFlood, .messageRateSpike, .reconnectStorm, .tlsFailureSpike,
            .tlsDowngradeProbe, .deliveryLatencyShift:
            2
        case .fanoutAmplification, .errorRatioShift, .trafficVanished: 2
        case .slowConsumers, .limiterSaturation: 3
        }
    }
}
