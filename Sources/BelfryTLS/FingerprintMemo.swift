/// The fingerprint of the hello before, for the next one that is like it.
///
/// Whoever reconnects in a storm has the same client as the others, and three hashes of the same words each time say
/// nothing new. Browsers shuffle their extensions, so theirs are made anew.
package struct FingerprintMemo: Sendable {
    private var last: ClientHello?
    private var fingerprint = ""

    package init() {}

    /// ``ClientHello/ja4(sha256:)`` of `hello`.
    package mutating func ja4(of hello: ClientHello, sha256: ([UInt8]) -> [UInt8]) -> String {
        if let last, last.looksLike(hello) { return fingerprint }
        fingerprint = hello.ja4(sha256: sha256)
        last = hello
        return fingerprint
    }
}

extension ClientHello {
    /// Equal in everything that the fingerprint is made of.
    fileprivate func looksLike(_ other: ClientHello) -> Bool {
        cipherSuites == other.cipherSuites && extensions == other.extensions
            && signatureAlgorithms == other.signatureAlgorithms
            && applicationProtocols == other.applicationProtocols
            && offeredMaxVersion == other.offeredMaxVersion
    }
}
