import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfryTLS
import Synchronization

// Reload: what can be taken without closing a connection is; of the rest the journal says that it waits.

extension Relay {
    /// Reads the configuration, certificates and keys again.
    ///
    /// What can not be used leaves what is in force.
    ///
    /// - Returns: Whether it could be used.
    @discardableResult
    func reload() -> Bool {
        let outcome = Result { () throws in try loadAnew() }
        let isGood = (try? outcome.get()) != nil
        registry.shared.count(.tlsCertificateReloads(Outcome(succeeded: isGood)))
        noteLoad(succeeded: isGood)
        switch outcome {
        case .success(let loaded): tell(loaded)
        case .failure(let error): journal.record(.configRejected(path: path, row: nil, error: "\(error)"))
        }
        return isGood
    }

    /// Throws why nothing was changed.
    private func loadAnew() throws -> Configuration {
        let loaded = try Configuration.load(path: path, environment: ProcessEnvironment.variables)
            .configuration
        let material = try Self.loadCertificates(loaded)
        let signer = try Self.loadGuestSigner(loaded)
        try keys.replace(try Self.loadKeys(loaded, pseudonym, probePass), from: path)
        state.withLock { $0.apiKeys = loaded.api.knownKeys }
        if let signer { guests?.replace(signer) }
        take(loaded.journal.level)
        takeAlerts(of: loaded)
        announce(material)
        for mailbox in mailboxes { _ = mailbox.post(.reload(material)) }
        return loaded
    }

    private func tell(_ loaded: Configuration) {
        let before = state.withLock { state in
            defer { state.loaded = loaded }
            return state.loaded
        }
        journal.record(
            .configLoaded(
                hash: loaded.fingerprint, changedKeys: loaded.keysChanged(since: before),
                restartKeys: loaded.keysAwaitingRestart(since: configuration)))
    }

    func announce(_ material: TLSMaterial) {
        state.withLock { $0.certificates = material.certificates }
        registry.setCertificates(
            material.certificates.map { ($0.name, $0.notAfter &* 1_000_000_000) })
        for certificate in material.certificates {
            journal.record(
                .tlsCertLoaded(
                    name: certificate.name, sha256: certificate.fingerprint, notAfter: certificate.notAfter,
                    keyType: certificate.keyType.description))
        }
    }

    /// The first load counts as well: a relay that has never been reloaded has a good configuration.
    func noteLoad(succeeded: Bool) {
        registry.shared.set(.configLastReloadSuccessful, to: succeeded ? 1 : 0)
        guard succeeded else { return }
        registry.shared.set(.configLastReloadSuccess, to: WallClock.unixSeconds() &* 1_000_000_000)
    }
}
