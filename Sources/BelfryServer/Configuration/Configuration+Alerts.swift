import BelfryAnomaly
import Foundation

extension Configuration {
    /// The detectors, and who hears of what they find.
    package struct Alerts: Equatable, Sendable {
        package enum DetectorMode: String, CaseIterable, Sendable { case on, shadow, off }

        package struct Webhook: Equatable, Sendable {
            package var url = ""
            /// Signs what is sent.
            var secret: Secret?
        }

        package var isEnabled = true
        /// Base addresses, as `http://alertmanager:9093`.
        package var alertmanagers: [String] = []
        package var webhooks: [Webhook] = []
        /// Where people reach the side port; empty for its own address.
        package var externalURL = ""
        /// What stands before `/<AlertName>.md`.
        package var runbookURL = "runbooks"
        /// Absolute; `auto` for a file beside the history, empty for none.
        package var stateFile = Self.automatic
        /// How long a tick of the detectors takes; they always count it as ten seconds.
        package var tick = Duration.seconds(10)
        /// By alert; those that are not here are on.
        package var detectors: [String: DetectorMode] = [:]

        static let automatic = "auto"

        func names(_ mode: DetectorMode) -> Set<AlertName> {
            Set(AlertName.allCases.filter { detectors[$0.rawValue] == mode })
        }
    }

    /// Where the detectors keep what they have learnt, if they do.
    var anomalyStatePath: String? {
        switch alerts.stateFile {
        case "": return nil
        case Alerts.automatic:
            guard history.store == .sqlite else { return nil }
            let directory = history.path.lastIndex(of: "/").map { history.path[...$0] } ?? ""
            return directory + "anomaly.state"
        default: return alerts.stateFile
        }
    }

    /// This configuration with what a reload takes of the other's section `alerts`.
    func takingAlerts(of other: Configuration) -> Configuration {
        var configuration = self
        configuration.alerts = other.alerts
        configuration.alerts.stateFile = alerts.stateFile
        configuration.alerts.tick = alerts.tick
        return configuration
    }

    /// The address of the side port as people reach it, without a slash at its end.
    var externalURL: String {
        let url = alerts.externalURL.isEmpty ? "http://\(sidePort.listen)" : alerts.externalURL
        return String(url.reversed().drop { $0 == "/" }.reversed())
    }
}

extension Configuration.Alerts {
    static let keys: [ConfigurationKey<Self>] = [
        .value("enabled", \.isEnabled, .flag).reloaded,
        .list("alertmanager", \.alertmanagers, .receiverAddress, count: 0...8).reloaded,
        .records(
            "webhook", \.webhooks, empty: Webhook(), keys: Webhook.keys, count: 0...8, check: Webhook.check
        ).reloaded,
        .value("external_url", \.externalURL, .optionalAddress).reloaded,
        .value("runbook_url", \.runbookURL, .text(1...512, what: "a URL or a path")).reloaded,
        // Another file may hold what somebody wants to be read at the start; what is known now would take its place.
        .value("state_file", \.stateFile, .stateFile),
        // All that is remembered of the last minutes is counted in ticks.
        .value("tick", \.tick, .duration(.seconds(1), .seconds(3_600))),
        .modes("detectors", \.detectors).reloaded,
    ]
}

extension Configuration.Alerts.Webhook {
    fileprivate static let keys: [ConfigurationKey<Self>] = [
        .value("url", \.url, .receiverAddress),
        .value("secret_file", \.secret, .secretFile),
    ]

    fileprivate static func check(_ webhook: Self, earlier: [Self]) -> ConfigurationProblem? {
        if webhook.url.isEmpty { return .missing("url") }
        let isRepeated = earlier.contains { $0.url == webhook.url }
        return isRepeated ? .contradiction("stands in the list twice") : nil
    }
}

extension ConfigurationKey where Root == Configuration.Alerts {
    /// Alerts by name, each with a mode.
    fileprivate static func modes(
        _ name: String,
        _ target: any WritableKeyPath<Root, [String: Configuration.Alerts.DetectorMode]> & Sendable
    ) -> Self {
        let format = ConfigurationFormat<Configuration.Alerts.DetectorMode>.choice()
        return Self(
            name: name, expects: "alerts, each \(format.expects)", isScalar: false, isSame: same(target)
        ) { node, path, root, reader in
            for entry in reader.entries(node, path, countMax: AlertName.allCases.count) {
                let path = "\(path).\(entry.key.shortened(to: 64))"
                guard AlertName(rawValue: entry.key) != nil else {
                    let names = AlertName.allCases.map(\.rawValue)
                    let suggestion = Spelling.closest(to: entry.key, among: names)
                    reader.report(entry.location, path, .unknownKey(suggestion: suggestion))
                    continue
                }
                guard let mode = reader.value(entry.value, path, format) else { continue }
                root[keyPath: target][entry.key] = mode
            }
        }
    }
}

extension ConfigurationFormat<String> {
    /// Where alerts are sent: no user, so that no password stands in a file that many read; and never quoted, since the
    /// path may be one.
    fileprivate static var receiverAddress: Self {
        let expects = "an https:// or http:// URL of at most 1024 bytes, without user or fragment"
        return Self(expects: expects, isSecret: true) { text, _ in
            guard (1...1_024).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                let parts = URLComponents(string: text), parts.user == nil, parts.password == nil,
                parts.fragment == nil, let host = parts.host, !host.isEmpty,
                (1...65_535).contains(parts.port ?? 443), parts.scheme == "https" || parts.scheme == "http"
            else { return nil }
            return text
        }
    }

    fileprivate static var optionalAddress: Self {
        let format = receiverAddress
        return Self(expects: format.expects + ", or nothing", isSecret: true) {
            text, files throws(ConfigurationProblem) in
            try text.isEmpty ? text : format.parse(text, files)
        }
    }

    fileprivate static var stateFile: Self {
        let format = place
        return Self(expects: "auto, nothing, or \(format.expects)") {
            text, files throws(ConfigurationProblem) in
            let isWord = text.isEmpty || text == Configuration.Alerts.automatic
            return try isWord ? text : format.parse(text, files)
        }
    }
}
