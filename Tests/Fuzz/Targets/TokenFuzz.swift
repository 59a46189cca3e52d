// modules:
// files: Sources/BelfryAuth/Base64.swift Sources/BelfryAuth/JSONScanner.swift Sources/BelfryAuth/JSONObject.swift Sources/BelfryAuth/TokenAlgorithm.swift Sources/BelfryAuth/TokenGate.swift
//
// Any bytes may come as a token. Whatever they are: nothing traps, a token has one spelling, and what the reader of
// claims stepped over can be read by itself. The files are pure, so they are compiled in without the JOSE library.

/// One round: `start` points to `count` bytes, or to nothing when there are none.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzToken(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    let bytes = unsafe Array(input)
    checkGate(bytes)
    checkClaims(bytes)
    checkBase64(bytes)
    return 0
}

/// The input as a token; then as the header of one, since random bytes seldom are base64 of JSON.
private func checkGate(_ input: [UInt8]) {
    for token in [input, Base64.encode(input) + Array(".e30.AQ".utf8)] {
        guard let gated = try? TokenGate.open(token) else { continue }
        // One token has one spelling: what was read must be what was written.
        let rebuilt = Array(gated.signingInput) + [UInt8(ascii: ".")] + Base64.encode(gated.signature)
        precondition(rebuilt == token && token.count <= TokenGate.defaultTokenLimit)
        precondition(gated.keyID?.utf8.count ?? 0 <= TokenGate.keyIDLimit)
    }
}

private func checkClaims(_ input: [UInt8]) {
    guard let object = try? JSONObject(input[...], limit: 128) else { return }
    for member in object.members {
        precondition(!member.text.isEmpty)
        // A value that was skipped over must be readable by itself.
        switch member.value {
        case .object:
            do { _ = try member.value.object(limit: .max) } catch { precondition(error == .duplicateName) }
        case .array: precondition((try? member.value.elements(limit: .max)) != nil)
        default: break
        }
    }
}

private func checkBase64(_ input: [UInt8]) {
    precondition(Base64.decode(Base64.encode(input)[...]) == input)
    if let bytes = Base64.decode(input[...]) { precondition(Base64.encode(bytes) == input) }
    _ = Base64.decode(input[...], .standard)
}
