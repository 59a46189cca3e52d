package import BelfryAPI
import BelfryProtocol
import Hummingbird

/// Who knows the keys of the server API.
///
/// Called from any thread, several times at once.
package protocol KeyedService: Sendable {
    /// The keys in force now.
    var keys: APIKeys { get }
    /// Seconds since 1970, for the ends of keys.
    func unixSeconds() -> Int64
    /// Somebody was not let in to `path`; `actor` is `nil` when no key was recognised.
    func refused(_ denial: APIDenial, path: String, actor: String?, peer: String, status: Int)
}

/// Lets those in whose key is in force.
struct KeyGate: Sendable {
    /// What whoever is not let in is told.
    struct Refusal: Error {
        let answer: Answer
    }

    let service: any KeyedService
    /// What cannot be had without a key, and where it is asked for.
    let thing, path: String

    /// Finds the key of a request.
    ///
    /// - Throws: ``Refusal``, which has been counted and audited.
    func key(of request: Request, from peer: String) throws(Refusal) -> APIKey {
        guard !service.keys.isEmpty else {
            throw Refusal(
                answer: .apiError(.notFound, .notAvailable, "\(thing) are off: there is no key in api.keys"))
        }
        do throws(APIKeyRefusal) {
            return try service.keys.find(
                APIResponder.presentedKey(request.headers), at: service.unixSeconds())
        } catch {
            throw Refusal(answer: deny(error, peer))
        }
    }

    /// Of a key that may not do this.
    func lacks(_ scope: String, _ key: APIKey, _ peer: String) -> Answer {
        service.refused(.scope, path: path, actor: key.name, peer: peer, status: 403)
        return .apiError(.forbidden, .permissionDenied, "the key \(key.name) has no scope \(scope)")
    }

    private func deny(_ refusal: APIKeyRefusal, _ peer: String) -> Answer {
        switch refusal {
        case .missing:
            service.refused(.missing, path: path, actor: nil, peer: peer, status: 401)
            return .unauthorized("a key is needed: X-API-Key, or Authorization: apikey")
        case .unknown:
            service.refused(.unknown, path: path, actor: nil, peer: peer, status: 401)
            return .unauthorized("this key is not known")
        case .expired(let name):
            service.refused(.expired, path: path, actor: name, peer: peer, status: 401)
            return .unauthorized("the key \(name) has expired")
        }
    }
}
