import BelfryAuth
import BelfryHTTP
import BelfryPage
import BelfryTLS
import Synchronization

/// Tokens for the visitors of the chat page (`client.demo_page`).
///
/// A token is signed by the loop that is asked: it costs about what verifying one does (decision 0005), and the address
/// that asks pays a handshake and a budget before.
final class GuestDesk: Sendable {
    private let signer: Mutex<GuestSigner>

    init(signer: GuestSigner) { self.signer = Mutex(signer) }

    /// A new key, from the next token on.
    func replace(_ signer: GuestSigner) { self.signer.withLock { $0 = signer } }

    func token(for guest: Guest, now: Int64) throws(TokenSigner.Fault) -> String {
        let signer = self.signer.withLock { $0 }
        return try signer.token(for: guest, now: now)
    }
}

/// The chat page and its visitors' tokens.
struct DemoPage: Sendable {
    let page: StaticPage
    let guests: GuestDesk

    init(guests: GuestDesk) {
        self.guests = guests
        page = StaticPage(
            document: ChatPage.document, style: ChatPage.style, script: ChatPage.script, sha256: Digest.sha256
        )
    }
}

extension Configuration {
    /// Signs for guests; `nil` when there is no page for them.
    func guestSigner() async throws(KeyProblem) -> GuestSigner? {
        guard client.demoPage, let secret = auth.secret, let algorithm = auth.hmacAlgorithms.first else {
            return nil
        }
        do {
            let signer = try await TokenSigner(secret: secret.bytes, algorithm: algorithm)
            return GuestSigner(signer: signer, issuer: auth.issuer, audience: auth.audience)
        } catch {
            throw KeyProblem(key: "auth.hmac_secret", refusal: error)
        }
    }
}
