extension Alert {
    /// One sentence with the number, the usual value and whom it is about.
    package var summary: String {
        let reading = evidence.reading
        let about = key.label.map { " (\($0.name) \($0.value))" } ?? ""
        let usual = reading.expected > 0 ? "; usual is \(Self.text(reading.expected))" : ""
        let window = reading.window > 0 ? " over \(reading.window) s" : ""
        return
            "\(name.symptom)\(about): \(Self.text(reading.observed)) \(reading.unit.rawValue)\(window)\(usual)"
    }

    /// Three significant digits, from a millionth up.
    package static func text(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "beyond measure" }
        var scale = 1.0
        while abs(value) * scale < 100, scale < 1e6 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}

extension AlertName {
    /// What an operator sees, in a few words.
    package var symptom: String {
        switch self {
        case .authFailureBurst: "Many authentications fail"
        case .credentialStuffing: "Many subjects fail from one network"
        case .distributedStuffing: "Many networks try a little each"
        case .tokenReplay: "One token is in use from several networks at once"
        case .addressChurn: "One user connects from many networks"
        case .connectionFlood: "Connections flood in"
        case .tlsFailureSpike: "TLS handshakes fail"
        case .tlsDowngradeProbe: "Clients offer only old TLS versions"
        case .messageRateSpike: "One sender dominates the messages"
        case .fanoutAmplification: "Each message reaches unusually many"
        case .slowConsumers: "Clients do not take their messages"
        case .reconnectStorm: "Clients reconnect together"
        case .deliveryLatencyShift: "Delivery has become slower"
        case .errorRatioShift: "Unusually many commands are refused"
        case .trafficVanished: "Traffic has vanished"
        case .limiterSaturation: "Limits hold many users back"
        case .auditLoss: "Audit entries are lost or unverified"
        case .expiryOrClock: "A deadline is near or the clock has jumped"
        }
    }
}
