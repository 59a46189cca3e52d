import Testing

/// Which module may import which (architecture.md 2, with the moves of the decision records).
@Suite("House arrows")
struct ArrowTests {
    static let foundation: Set = ["Foundation", "FoundationEssentials"]
    /// What ships with the compiler and does no input or output.
    static let standard: Set = ["Synchronization"]

    static let arrows: [String: Set<String>] = [
        "BelfryBytes": [],
        "BelfryReactor": ["BelfryBytes", "CLinux", "Glibc"],
        "BelfryTLS": ["BelfryBytes", "COpenSSL", "Glibc"],
        "BelfryHTTP": ["BelfryBytes"],
        "BelfryWebSocket": ["BelfryBytes"],
        "BelfryPage": [],
        "BelfryConsole": [],
        "BelfryDeflate": ["BelfryBytes", "BelfryWebSocket", "CZlib"],
        "BelfryProtobufMessages": foundation.union(["SwiftProtobuf"]),
        "BelfryProtocol": ["BelfryBytes", "BelfryProtobufMessages"],
        "BelfryAuth": ["JWTKit", "Crypto", "HashTreeCollections"],
        "BelfryLimits": ["BelfryBytes"],
        "BelfryBroker": ["BelfryBytes", "BelfryProtocol"],
        "BelfryStore": [
            "BelfryBytes", "BelfryProtocol", "BelfryBroker", "GRDB", "Dispatch", "Foundation",
        ],
        "BelfryDelta": [],
        "BelfryHub": ["BelfryBytes", "BelfryProtocol", "BelfryBroker"],
        "BelfrySession": [
            "BelfryBytes", "BelfryProtocol", "BelfryAuth", "BelfryLimits", "BelfryBroker", "BelfryHub",
        ],
        "BelfryAPI": [
            "BelfryBytes", "BelfryProtocol", "BelfryAuth", "BelfryBroker", "BelfryHub", "BelfrySession",
            "Crypto",
        ],
        "BelfryObserve": ["BelfryBytes", "Foundation", "FoundationEssentials", "Glibc"],
        // Glibc for logarithm and power alone, in RealMath.swift.
        "BelfryAnomaly": ["BelfryBytes", "Glibc"],
        "BelfryAnomalyLab": ["BelfryAnomaly", "BelfryBytes"],
        "BelfryJournal": [
            "BelfryBytes", "BelfryObserve", "CSystemd", "Crypto", "Glibc", "Foundation",
            "FoundationEssentials",
        ],
        "BelfryAudit": ["BelfryObserve", "BelfryJournal", "Foundation", "FoundationEssentials"],
        "BelfryOutbound": ["AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL"],
        "BelfrySidePort": [
            "BelfryObserve", "BelfryAPI", "BelfryProtocol", "BelfryConsole", "BelfryDeflate", "Crypto",
            "Hummingbird",
            "HummingbirdCore", "HTTPTypes",
            "NIOCore", "NIOPosix",
            "NIOHTTPTypes",
            "Logging",
            "ServiceLifecycle", "Foundation", "FoundationEssentials",
        ],
        "BelfryBench": ["BelfryBytes", "BelfryReactor", "BelfryTLS", "Foundation", "FoundationEssentials"],
        "belfry": [
            "BelfryServer", "BelfryBench", "BelfryAudit", "ArgumentParser", "Foundation",
            "FoundationEssentials",
        ],
        "belfry-echo": ["BelfryServer", "Foundation", "FoundationEssentials"],
        "belfry-anomaly": ["BelfryAnomaly", "BelfryAnomalyLab", "Foundation", "FoundationEssentials"],
    ]

    /// The only module that sees hands and brain.
    static let serverMay: Set = [
        "Yams", "Logging", "Glibc", "Dispatch", "Foundation", "FoundationEssentials",
    ]

    @Test func `every import is an allowed arrow`() throws {
        var broken: [String] = []
        for source in try House.sources() {
            for target in source.imports where !Self.mayImport(source.module, target) {
                broken.append("\(source.path) imports \(target)")
            }
        }
        #expect(broken.isEmpty, "\(broken.joined(separator: "\n"))")
    }

    @Test func `a C library is imported by its owner only`() throws {
        let owners = [
            "COpenSSL": "BelfryTLS", "CSystemd": "BelfryJournal", "CLinux": "BelfryReactor",
            "GRDB": "BelfryStore",
            "CZlib": "BelfryDeflate",
        ]
        for source in try House.sources() {
            for target in source.imports {
                if let owner = owners[target] {
                    #expect(source.module == owner, "\(source.path) imports \(target)")
                }
            }
        }
    }

    @Test func `every module of the package has its arrows written down`() throws {
        let modules = Set(try House.sources().map(\.module)).subtracting(["BelfryServer"])
        #expect(modules == Set(Self.arrows.keys))
    }

    static func mayImport(_ module: String, _ target: String) -> Bool {
        if standard.contains(target) { return true }
        if module == "BelfryServer" {
            return serverMay.contains(target) || arrows.keys.contains(target) && target.hasPrefix("Belfry")
        }
        return arrows[module, default: []].contains(target)
    }
}
