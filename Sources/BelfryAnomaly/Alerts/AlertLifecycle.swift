package import BelfryBytes

// inactive ──true──▶ pending ──true for `pendingTicks`──▶ firing ──false for the hold-down──▶ resolved
//                       └──not true──▶ inactive              └──true again──▶ firing, nothing told
//
// Always: (1) each `firing` is followed by one `resolved`; (2) at most ``keyLimit`` instances of a name have a key
// of their own, further ones share the instance "many"; (3) the memory of past ones is bounded.

/// Turns findings, tick by tick, into alerts that begin and end.
package struct AlertLifecycle: Sendable {
    /// Instances of one name that may have a key of their own: an attacker must not page by the thousand.
    package static let keyLimit = 20
    /// A condition must stay false for so long.
    package static let holdDown = Duration.seconds(60)
    /// So many changes within ``flapWindow`` make it flap; it then stays for ``flapHold`` of quiet.
    package static let flapChanges = 3
    package static let flapWindow = Duration.seconds(1_800)
    package static let flapHold = Duration.seconds(900)
    /// Past instances of one name that are remembered, to know flapping ones again.
    private static let memoryLimit = 64

    private struct Instance: Sendable {
        var alert: Alert
        var ticks = 1
        var isFiring = false
        var quietSince: Instant?
        var changes: [Instant] = []
        var isInactive = false
        var seen: Instant
    }

    private var instances: [Alert.Identity: Instance] = [:]
    private var shadow: Set<AlertName>

    /// - Parameter shadow: Names that are evaluated and told, marked as shadow.
    package init(shadow: Set<AlertName> = []) { self.shadow = shadow }

    /// The alerts that fire now, in no order.
    package var firing: [Alert] { instances.values.filter(\.isFiring).map(\.alert) }
    package func isFiring(_ name: AlertName) -> Bool {
        instances.values.contains { $0.isFiring && $0.alert.name == name }
    }
    package var instanceCount: Int { instances.count }

    /// Other modes: what fires ends as what it was and begins as what it is; what is `off` ends.
    ///
    /// - Returns: What has changed.
    package mutating func change(shadow: Set<AlertName>, off: Set<AlertName>) -> [AlertTransition] {
        self.shadow = shadow
        return instances.keys.flatMap { turn($0, isOff: off.contains($0.name)) }
    }

    private mutating func turn(_ identity: Alert.Identity, isOff: Bool) -> [AlertTransition] {
        guard let before = instances[identity], !before.isInactive else { return [] }
        let isShadow = shadow.contains(identity.name)
        if isOff {
            instances[identity] = nil
            return before.isFiring ? [.resolved(before.alert)] : []
        }
        guard before.alert.isShadow != isShadow else { return [] }
        var alert = before.alert
        alert.isShadow = isShadow
        instances[identity]?.alert = alert
        return before.isFiring ? [.resolved(before.alert), .firing(alert)] : []
    }

    /// How far each name is that is not at rest.
    package var progress: [AlertName: AlertProgress] {
        instances.values.reduce(into: [:]) { progress, instance in
            guard !instance.isInactive else { return }
            let isClearing = instance.quietSince != nil
            progress[instance.alert.name, default: AlertProgress()].add(
                isFiring: instance.isFiring, isClearing: isClearing, ticks: instance.ticks)
        }
    }

    /// Takes one tick's findings; what is not found is false.
    ///
    /// - Returns: What has changed.
    package mutating func advance(_ findings: [Finding], at now: Instant) -> [AlertTransition] {
        var found: Set<Alert.Identity> = []
        var transitions: [AlertTransition] = []
        for finding in findings {
            let identity = place(of: finding)
            guard found.insert(identity).inserted else { continue }
            if let transition = take(finding, as: identity, at: now) { transitions.append(transition) }
        }
        for identity in instances.keys where !found.contains(identity) {
            if let transition = miss(identity, at: now) { transitions.append(transition) }
        }
        forgetOld(at: now)
        return transitions
    }

    /// Its own instance, or the shared one when the name has its fill.
    private func place(of finding: Finding) -> Alert.Identity {
        let own = Alert.Identity(name: finding.name, key: finding.key, severity: finding.severity)
        guard let shared = finding.key.collapsed else { return own }
        if let known = instances[own], !known.isInactive { return own }
        let alive = instances.values.count { instance in
            !instance.isInactive && instance.alert.name == finding.name && instance.alert.key.collapsed != nil
        }
        guard alive >= Self.keyLimit else { return own }
        return Alert.Identity(name: finding.name, key: shared, severity: finding.severity)
    }

    private mutating func take(
        _ finding: Finding, as identity: Alert.Identity, at now: Instant
    ) -> AlertTransition? {
        guard var instance = instances[identity], !instance.isInactive else {
            return begin(finding, as: identity, at: now)
        }
        defer { instances[identity] = instance }
        instance.seen = now
        instance.alert.evidence = finding.evidence
        instance.alert.peak = max(instance.alert.peak, finding.evidence.reading.observed)
        guard !instance.isFiring else {
            instance.quietSince = nil
            return nil
        }
        instance.ticks = finding.level == .fires ? instance.ticks + 1 : 0
        return fireIfDue(&instance, at: now)
    }

    private mutating func begin(
        _ finding: Finding, as identity: Alert.Identity, at now: Instant
    ) -> AlertTransition? {
        guard finding.level == .fires else { return nil }
        var instance = Instance(
            alert: Alert(
                identity: identity, since: now, evidence: finding.evidence), seen: now)
        instance.alert.isShadow = shadow.contains(identity.name)
        instance.changes = instances[identity]?.changes ?? []
        defer { instances[identity] = instance }
        return fireIfDue(&instance, at: now)
    }

    private func fireIfDue(_ instance: inout Instance, at now: Instant) -> AlertTransition? {
        guard instance.ticks >= instance.alert.name.pendingTicks else { return nil }
        instance.isFiring = true
        instance.changes = recent(instance.changes, at: now) + [now]
        instance.alert.isFlapping = instance.changes.count >= Self.flapChanges
        return .firing(instance.alert)
    }

    private mutating func miss(_ identity: Alert.Identity, at now: Instant) -> AlertTransition? {
        guard var instance = instances[identity], !instance.isInactive else { return nil }
        defer { instances[identity] = instance }
        guard instance.isFiring else {
            instance.isInactive = true
            return nil
        }
        let since = instance.quietSince ?? now
        instance.quietSince = since
        let hold = instance.alert.isFlapping ? Self.flapHold : Self.holdDown
        guard now - since >= hold else { return nil }
        instance.isFiring = false
        instance.isInactive = true
        instance.seen = now
        instance.changes = recent(instance.changes, at: now) + [now]
        return .resolved(instance.alert)
    }

    private func recent(_ changes: [Instant], at now: Instant) -> [Instant] {
        changes.suffix(Self.flapChanges).filter { now - $0 <= Self.flapWindow }
    }

    private mutating func forgetOld(at now: Instant) {
        instances = instances.filter { _, instance in
            !instance.isInactive || now - instance.seen <= Self.flapWindow && !instance.changes.isEmpty
        }
        guard instances.count > AlertName.allCases.count * Self.memoryLimit else { return }
        let past = instances.filter(\.value.isInactive).sorted { $0.value.seen < $1.value.seen }
        for (identity, _) in past.prefix(instances.count / 2) { instances[identity] = nil }
    }
}
