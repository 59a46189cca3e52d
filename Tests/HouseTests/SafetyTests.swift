import Testing

/// Safety rules that the compiler does not enforce by itself.
@Suite("House safety")
struct SafetyTests {
    /// Modules that own a C library or memory.
    static let mayBeUnsafe: Set = [
        "BelfryBytes", "BelfryReactor", "BelfryTLS", "BelfryJournal", "BelfryDeflate",
    ]

    @Test func `unsafe stands only in modules that own memory or a C library`() throws {
        let found = try offences { source, code in
            !Self.mayBeUnsafe.contains(source.module) && code.contains(/\bunsafe\b/)
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test func `nothing is forced`() throws {
        let found = try offences { _, code in
            code.contains(/\btry!|\bas!|nonisolated\(unsafe\)|-Ounchecked/)
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test func `an unchecked Sendable carries its proof beside it`() throws {
        var bare: [String] = []
        for source in try House.sources() {
            for (number, code) in source.codeLines where code.contains("@unchecked Sendable") {
                let above = source.lines[max(0, number - 6)..<(number - 1)]
                if !above.contains(where: { $0.contains("//") }) { bare.append("\(source.path):\(number)") }
            }
        }
        #expect(bare.isEmpty, "\(bare.joined(separator: "\n"))")
    }

    @Test func `the brain never waits and never reads a clock`() throws {
        let brain: Set = [
            "BelfryBytes", "BelfryHTTP", "BelfryWebSocket", "BelfryDeflate", "BelfryProtocol", "BelfryLimits",
            "BelfryBroker", "BelfryHub", "BelfrySession", "BelfryAnomaly", "BelfryAnomalyLab",
        ]
        let found = try offences { source, code in
            brain.contains(source.module)
                && code.contains(/\basync\b|\bawait\b|clock_gettime|ContinuousClock|Date\(\)/)
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    private func offences(_ isOffence: (House.Source, String) -> Bool) throws -> [String] {
        try House.sources().flatMap { source in
            source.codeLines.filter { isOffence(source, $0.text) }.map {
                "\(source.path):\($0.number): \($0.text)"
            }
        }
    }
}
