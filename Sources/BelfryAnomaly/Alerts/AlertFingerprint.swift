/// The identity of an alert as Alertmanager computes it, so that both sides speak of the same one.
///
/// FNV-1a with 64 bits over the labels in the order of their names; each name and each value is followed by the
/// byte 0xFF, which no UTF-8 text contains (Prometheus common, `LabelSet.Fingerprint`).
package enum AlertFingerprint {
    package static func of(_ labels: [String: String]) -> UInt64 {
        var hash = FNV1a()
        for name in labels.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            add(name, to: &hash)
            add(labels[name] ?? "", to: &hash)
        }
        return hash.value
    }

    private static func add(_ text: String, to hash: inout FNV1a) {
        for byte in text.utf8 { hash.add(byte) }
        hash.add(0xFF)
    }
}
