/// What a client says it can decode (RFC 9110, section 12.5.3).
enum ContentCoding {
    /// Judges what was said of gzip.
    ///
    /// - Parameter accept: All Accept-Encoding fields, with commas between them.
    /// - Returns: Whether it is taken, and liked no less than the plain text.
    static func takesGzip(_ accept: String) -> Bool {
        var weights: [String: Double] = [:]
        for item in accept.split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first else { continue }
            // Said twice, the more careful one counts.
            weights[name] = min(weights[name] ?? 1, weight(parts.dropFirst()))
        }
        // The old name of the same (section 8.4.1.3).
        let gzip = weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0
        return gzip > 0 && gzip >= weights["identity"] ?? 0
    }

    /// 1 unless it says otherwise; 0 for what is no weight.
    private static func weight(_ parameters: ArraySlice<String>) -> Double {
        guard let text = parameters.first(where: { $0.hasPrefix("q=") }) else { return 1 }
        guard let weight = Double(text.dropFirst(2)), (0...1).contains(weight) else { return 0 }
        return weight
    }
}
