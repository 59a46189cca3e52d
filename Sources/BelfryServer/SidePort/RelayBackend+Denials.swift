import BelfryAPI
import BelfryAuth
import BelfryProtocol

// Blocks and revocations, from the server API's words to the relay's and back.

extension RelayBackend {
    func deny(_ denial: DenialEntry, by actor: String) async throws(ErrorCode) -> DenialEffect {
        do throws(DenyFailure) {
            let outcome = try await relay.deny(try Denial(denial), by: actor)
            return DenialEffect(closed: outcome.closedConnections, isDurable: outcome.isDurable)
        } catch {
            throw error.answer
        }
    }

    func allow(_ target: DenialEntry.Target, by actor: String) async throws(ErrorCode) -> Bool {
        do throws(DenyFailure) {
            return try await relay.allow(try Denial.Target(target), by: actor)
        } catch {
            throw error.answer
        }
    }

    func denials() -> [DenialEntry] { relay.denials().map(DenialEntry.init) }
}

extension Denial {
    /// Without a moment every token counts that was issued until now, this second included.
    fileprivate init(_ denial: DenialEntry) throws(DenyFailure) {
        let target = try Target(denial.target)
        var issuedBefore = denial.issuedBefore ?? 0
        if case .tokens = target, denial.issuedBefore == nil { issuedBefore = WallClock.unixSeconds() &+ 1 }
        self.init(target, issuedBefore: issuedBefore, until: denial.expiresAt ?? Denial.never)
    }
}

extension Denial.Target {
    fileprivate init(_ target: DenialEntry.Target) throws(DenyFailure) {
        switch target {
        case .user(let name): self = .user(ExactText(name))
        case .token(let id): self = .token(ExactText(id))
        case .tokensOf(let name): self = .tokens(of: ExactText(name))
        case .address(let text):
            guard let range = AddressRange(parsing: text) else { throw .refused(.noAddress) }
            self = .addresses(range)
        }
    }
}

extension DenialEntry {
    fileprivate init(_ denial: Denial) {
        let end = denial.until == Denial.never ? nil : denial.until
        switch denial.target {
        case .user(let name): self.init(.user(name.text), expiresAt: end)
        case .token(let id): self.init(.token(id.text), expiresAt: end)
        case .addresses(let range): self.init(.address(range.text), expiresAt: end)
        case .tokens(let name):
            self.init(.tokensOf(name.text), expiresAt: end, issuedBefore: denial.issuedBefore)
        }
    }
}

extension DenyFailure {
    fileprivate var answer: ErrorCode {
        switch self {
        case .refused(.full): .limitExceeded
        case .refused: .badRequest
        case .notStored: .internalServerError
        }
    }
}
