import BelfryAnomaly
import BelfryObserve

// Which entries of the journal an alert is about.

extension Alert {
    /// The command that shows them, from shortly before `since` (seconds since 1970), when the condition was first true.
    ///
    /// With `plainSubjects` the journal has user ids where the alert has pseudonyms; `namespace` is the journal's, if it
    /// has one.
    func journalCommand(since: Int64, plainSubjects: Bool, namespace: String?) -> String {
        let start = since &- Int64(max(60, min(evidence.reading.window, 86_400)))
        let events = kinds.map { "BELFRY_EVENT=\($0.name)" }
        let program = "journalctl" + (namespace.map { " --namespace=\($0)" } ?? "")
        return (["\(program) --since @\(start)"] + events + match(plainSubjects)).joined(separator: " ")
    }

    private func match(_ plainSubjects: Bool) -> [String] {
        guard let label = key.label, label.value != "many" else { return [] }
        switch key {
        case .subject where !plainSubjects: return ["BELFRY_SUBJECT=\(label.value)"]
        // Publications have no entries; the alert's own is all there is.
        case .room: return ["BELFRY_ALERT=\(name.rawValue)"]
        default: return []
        }
    }

    private var kinds: [EventKind] {
        switch name {
        case .authFailureBurst, .credentialStuffing, .distributedStuffing: [.authFailure]
        case .tokenReplay, .addressChurn: [.authSuccess]
        case .connectionFlood: [.connOpen, .connRejected, .tlsHandshakeFailed]
        case .tlsFailureSpike: [.tlsHandshakeFailed]
        case .tlsDowngradeProbe: [.tlsLegacyOffer]
        case .messageRateSpike: [.ratelimitEngaged, .authSuccess]
        case .fanoutAmplification: [.alertFiring]
        case .slowConsumers: [.consumerSlow]
        case .reconnectStorm: [.connClose]
        case .deliveryLatencyShift: [.consumerSlow, .overloadChanged, .storeFailed]
        case .errorRatioShift: [.authzDenied, .wsProtocolError, .ratelimitEngaged]
        case .trafficVanished: [.probeFailed, .listenerError, .connClose]
        case .limiterSaturation: [.ratelimitEngaged, .ratelimitReleased]
        case .auditLoss: [.journalGap]
        case .expiryOrClock: limitKinds
        }
    }

    private var limitKinds: [EventKind] {
        switch key {
        case .item(.certificate): [.tlsCertExpiring, .tlsCertLoaded]
        case .item(.keys): [.authKeysFailed, .authKeysLoaded]
        default: [.clockStepped]
        }
    }
}

extension Alert {
    /// What an auditor searches for under its own name; `nil` for every other alert.
    var tokenReuse: Event? {
        guard name == .tokenReplay, case .subject = key, let subject = key.label?.value else { return nil }
        return .authTokenReuse(
            SubjectContext(subject: subject),
            networks: evidence.contributors.compactMap { $0.key.label?.value },
            firstConnection: nil, overlap: .seconds(evidence.reading.window))
    }
}
