package import BelfryAnomaly

/// One labelled incident: what, how strong, when, and who did it.
package struct Incident: Sendable {
    package enum Strength: String, CaseIterable, Sendable {
        case weak
        case medium
        case strong

        /// One of three.
        func pick<Value>(_ weak: Value, _ medium: Value, _ strong: Value) -> Value {
            switch self {
            case .weak: weak
            case .medium: medium
            case .strong: strong
            }
        }
    }

    /// The alert that must be raised; there is one type of incident for each that learns.
    package let type: AlertName
    package let strength: Strength
    /// Seconds from midnight of a Thursday.
    package let start: Int
    package let end: Int
    /// Who did it; `.none` when nobody in particular did.
    package let culprit: AlertKey
    let seed: UInt64

    package static let types: [AlertName] = AlertName.allCases.filter {
        $0 != .auditLoss && $0 != .expiryOrClock
    }

    /// Attacks must be told within seconds; shifts show themselves over minutes.
    package static func isAttack(_ type: AlertName) -> Bool {
        switch type {
        case .authFailureBurst, .credentialStuffing, .tokenReplay, .addressChurn, .connectionFlood,
            .tlsFailureSpike, .tlsDowngradeProbe, .messageRateSpike, .fanoutAmplification, .reconnectStorm:
            true
        default: false
        }
    }

    /// Other alerts that are true during it: who floods messages also fans out, and after an outage all come back.
    package var alsoTrue: Set<AlertName> {
        switch type {
        case .credentialStuffing, .distributedStuffing: [.authFailureBurst]
        case .messageRateSpike: [.fanoutAmplification]
        case .trafficVanished: [.reconnectStorm]
        case .fanoutAmplification: [.messageRateSpike, .connectionFlood]
        default: []
        }
    }

    package init(_ type: AlertName, _ strength: Strength, start: Int, seed: UInt64) {
        self.type = type
        self.strength = strength
        self.start = start
        self.seed = seed
        end = start + Self.seconds(type)
        culprit = Self.culprit(type, seed)
    }

    private static func seconds(_ type: AlertName) -> Int {
        switch type {
        case .connectionFlood, .reconnectStorm: 180
        case .authFailureBurst, .tlsDowngradeProbe, .messageRateSpike: 300
        case .distributedStuffing: 3_600
        case .deliveryLatencyShift: 1_200
        case .errorRatioShift, .limiterSaturation: 900
        default: 600
        }
    }

    private static func culprit(_ type: AlertName, _ seed: UInt64) -> AlertKey {
        switch type {
        case .authFailureBurst, .credentialStuffing, .connectionFlood, .tlsDowngradeProbe, .slowConsumers:
            .clientNet(net(seed))
        case .tokenReplay, .addressChurn, .messageRateSpike: .subject(seed)
        case .fanoutAmplification: .room(seed)
        default: .none
        }
    }

    static func net(_ seed: UInt64) -> ClientNet { ClientNet(ipv4: 0x2D00_0000 | UInt32(seed & 0xFF_FF00)) }
}
