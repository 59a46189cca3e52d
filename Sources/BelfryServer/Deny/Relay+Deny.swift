import BelfryAuth
import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfryStore
import Dispatch

// What operators may do about those they do not want here: the entry points of the server API.

/// What became of a denial that is in force.
struct DenyOutcome: Equatable, Sendable {
    /// Connections that were cut.
    let closedConnections: Int
    /// Each loop has looked at its connections; otherwise one stood still, and does so when it goes on.
    let isComplete: Bool
    /// It outlives a restart.
    let isDurable: Bool
}

extension Relay {
    /// Time a loop has to look at its connections: at 10,000 matching ones it takes half a second.
    private static let cutPatience = DispatchTimeInterval.seconds(5)
    /// Until a full mailbox is tried again.
    private static let retryPause = DispatchTimeInterval.milliseconds(20)

    /// Reads what is stored, before any port is open.
    static func openDenials(
        _ configuration: Configuration, _ store: Store?
    ) throws(StartFailure) -> DenyDesk {
        do {
            return try DenyDesk(
                capacity: configuration.auth.denials, store: store.map { StoredDenials(records: $0.records) },
                unixSeconds: WallClock.unixSeconds)
        } catch {
            store?.close()
            throw StartFailure(description: "history.path: \(error)")
        }
    }

    /// Everything in force, in no order.
    func denials() -> [Denial] { denyDesk.denials }

    /// Keeps somebody out from now on, and cuts who is here.
    ///
    /// - Parameters:
    ///   - denial: In place of an earlier one of the same target.
    ///   - actor: Who asks, for the journal.
    /// - Returns: When it is stored (if it can be) and the connections are told to close.
    /// - Throws: ``DenyFailure``: refused, and nothing has changed; or not stored, and it is in force until the end of
    ///   the process.
    func deny(_ denial: Denial, by actor: String) async throws(DenyFailure) -> DenyOutcome {
        let (found, problem): (Cut, String?)
        do throws(DenialRefusal) {
            (found, problem) = try await denyDesk.insert(denial, isInForce: tellAll)
        } catch {
            throw .refused(error)
        }
        let isDurable = denyDesk.isDurable && problem == nil
        record(denial, by: actor, isDurable: isDurable, closed: found.closed)
        if let problem { throw .notStored(problem) }
        return DenyOutcome(
            closedConnections: found.closed, isComplete: found.isComplete, isDurable: isDurable)
    }

    /// Lets somebody in again.
    ///
    /// - Returns: Whether it was kept out; when each loop has heard.
    /// - Throws: ``DenyFailure/notStored(_:)``; it is kept out as before.
    func allow(_ target: Denial.Target, by actor: String) async throws(DenyFailure) -> Bool {
        guard let snapshot = try await denyDesk.remove(target) else { return false }
        _ = await tellAll(nil, snapshot)
        journal.record(.authRestored(names(of: target), by: actor, kind: target.kind.label))
        return true
    }

    /// Has loops forget what is over, to give its memory back.
    func forgetDenials() {
        guard let snapshot = denyDesk.removeOver() else { return }
        for mailbox in mailboxes { tell(mailbox, DenyNotice(snapshot: snapshot, cut: nil)) }
    }

    private typealias Cut = (closed: Int, isComplete: Bool)

    private func tellAll(_ denial: Denial?, _ snapshot: DenySnapshot) async -> Cut {
        await withCheckedContinuation { continuation in
            let cut = DenialCut(denial, loops: mailboxes.count) { continuation.resume(returning: ($0, $1)) }
            for mailbox in mailboxes { tell(mailbox, DenyNotice(snapshot: snapshot, cut: cut)) }
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.cutPatience) { cut.giveUp() }
        }
    }

    /// A full mailbox is tried again until its loop has heard or is gone: a denial is never lost.
    private func tell(_ mailbox: Mailbox<LoopMessage>, _ notice: DenyNotice) {
        switch mailbox.post(.deny(notice)) {
        case .posted: return
        case .closed: notice.cut?.add(closed: 0)
        case .full:
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.retryPause) { [self] in
                tell(mailbox, notice)
            }
        }
    }

    private func record(_ denial: Denial, by actor: String, isDurable: Bool, closed: Int) {
        journal.record(
            .authRevoked(
                names(of: denial.target), by: actor, kind: denial.target.kind.label,
                expiresAt: denial.until == Denial.never ? nil : denial.until, isDurable: isDurable,
                closed: closed))
    }

    /// How the journal names whom it is about.
    private func names(of target: Denial.Target) -> DeniedParty {
        switch target {
        case .token(let id): DeniedParty(tokenHash: pseudonym.of(id.text))
        case .user(let name), .tokens(let name):
            DeniedParty(
                subject: configuration.journal.plainSubjects ? name.text : pseudonym.of(name.text))
        case .addresses(let range): DeniedParty(network: range.text)
        }
    }
}

extension Denial.Target {
    /// As metrics and journal call it.
    var kind: DenialKind {
        switch self {
        case .token: .token
        case .tokens: .userTokens
        case .user: .user
        case .addresses: .address
        }
    }
}

extension AddressRange {
    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or a single address; bits behind the prefix are cleared.
    init?(parsing text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let ip = IPAddress(parsing: String(first)) else { return nil }
        let most = ip.isIPv4 ? 32 : 128
        var bits = most
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }),
                let number = Int(parts[1]), number <= most
            else { return nil }
            bits = number
        }
        self.init(high: ip.high, low: ip.low, length: ip.isIPv4 ? 96 + bits : bits)
    }

    /// As ``init(parsing:)`` reads it.
    var text: String {
        let ip = IPAddress(high: high, low: low, isIPv4: isIPv4)
        return "\(ip)/\(isIPv4 ? Int(length) - 96 : Int(length))"
    }
}
