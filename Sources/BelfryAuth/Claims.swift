/// The claims of a token whose signature has been verified (RFC 7519 section 4).
///
/// Reads each claim as the type it must have; a claim of another type is a refusal, never a guess.
struct Claims {
    /// Issuers write a dozen claims; the limit keeps the comparison of names cheap.
    private static let memberLimit = 128

    /// NumericDates above 2^53 are not exact in JSON; the year 285 million is late enough.
    private static let latestDate = 9_007_199_254_740_992.0

    let members: JSONObject

    init(_ payload: [UInt8]) throws(TokenRefusal) {
        do { members = try JSONObject(payload[...], limit: Self.memberLimit) } catch { throw .malformed }
    }

    /// A string claim; nil when absent.
    func text(_ name: String, else refusal: TokenRefusal = .malformed) throws(TokenRefusal) -> String? {
        switch members[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw refusal
        }
    }

    /// Seconds since 1970, rounded down; nil when absent.
    ///
    /// Strings, negatives and 1e400 are refused.
    func date(_ name: String) throws(TokenRefusal) -> Int64? {
        guard let value = members[name] else { return nil }
        guard case .number(let digits) = value, digits.first != UInt8(ascii: "-"),
            let seconds = Double(String(decoding: digits, as: UTF8.self)), seconds <= Self.latestDate,
            let date = Int64(exactly: seconds.rounded(.down))
        else { throw .malformed }
        return date
    }

    /// A claim that is any JSON (`name`) or binary (`b64` + `name`, which wins).
    func attachment(_ name: String) throws(TokenRefusal) -> ClaimData? {
        try ClaimData(members, name)
    }
}

extension Claims {
    func checkIssuer(_ expected: String) throws(TokenRefusal) {
        let issuer = try text("iss", else: .issuer)
        guard expected.isEmpty || issuer?.isIdentical(to: expected) == true else { throw .issuer }
    }

    /// `aud` is a string or a list of strings (RFC 7519 section 4.1.3).
    func checkAudience(_ expected: String) throws(TokenRefusal) {
        let audiences: [JSONValue]
        switch members["aud"] {
        case nil: audiences = []
        case .string(let one): audiences = [.string(one)]
        case let value?:
            do { audiences = try value.elements(limit: Self.memberLimit) ?? [.null] } catch {
                throw .audience
            }
        }
        var found = expected.isEmpty
        for audience in audiences {
            guard case .string(let name) = audience else { throw .audience }
            if name.isIdentical(to: expected) { found = true }
        }
        guard found else { throw .audience }
    }

    /// Checks `exp` and `nbf`.
    ///
    /// - Parameters:
    ///   - policy: leeway, and whether `exp` must be there.
    ///   - now: seconds since 1970, at most 2^53.
    /// - Returns: `exp`, nil when absent and not required.
    /// - Throws: `expired`, `notYet`, or `malformed` for a date that is none.
    func checkTime(_ policy: AuthPolicy, now: Int64) throws(TokenRefusal) -> Int64? {
        let expiry = try date("exp")
        let notBefore = try date("nbf") ?? 0
        guard expiry != nil || !policy.requiresExpiry else { throw .malformed }
        if let expiry, now >= expiry + policy.leeway { throw .expired }
        guard now + policy.leeway >= notBefore else { throw .notYet }
        return expiry
    }

    /// When the connection or subscription ends: `expire_at` if given (0 is never), else `exp`.
    func expireAt(tokenExpiry: Int64?, now: Int64) throws(TokenRefusal) -> Int64? {
        let explicit = try date("expire_at")
        guard explicit != 0, let moment = explicit ?? tokenExpiry else { return nil }
        return min(moment, now + 365 * 86_400)  // SDKs arm a timer with it; a year is their limit
    }
}
