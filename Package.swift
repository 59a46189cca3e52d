// swift-tools-version: 6.2
import PackageDescription

// One list for every target. Each upcoming feature stands beside its proposal.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]

/// A module of ours: `Sources/<name>`, and `Tests/<name>Tests` when it has tests.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "belfry",
    products: [
        .executable(name: "belfry", targets: ["belfry"]),
        .executable(name: "belfry-echo", targets: ["belfry-echo"]),
        .executable(name: "belfry-anomaly", targets: ["belfry-anomaly"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CLinux"),

        room("BelfryBytes"),
        room("BelfryReactor", ["BelfryBytes", "CLinux"]),
        room("BelfryTLS", ["BelfryBytes", "COpenSSL"]),
        room("BelfryHTTP", ["BelfryBytes"]),
        room("BelfryWebSocket", ["BelfryBytes"]),
        .target(name: "BelfryPage", resources: [.embedInCode("Page")], swiftSettings: strict),
        .target(name: "BelfryConsole", resources: [.embedInCode("Page")], swiftSettings: strict),
        room("BelfryDeflate", ["BelfryBytes", "BelfryWebSocket", "CZlib"]),
        // Generated, so the strict settings are not its.
        .target(
            name: "BelfryProtobufMessages",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["client.proto"], swiftSettings: [.swiftLanguageMode(.v6)]),
        room("BelfryProtocol", ["BelfryBytes", "BelfryProtobufMessages"]),
        room(
            "BelfryAuth",
            [
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HashTreeCollections", package: "swift-collections"),
            ]),
        room("BelfryLimits", ["BelfryBytes"]),
        room("BelfryBroker", ["BelfryBytes", "BelfryProtocol"]),
        room(
            "BelfryStore",
            [
                "BelfryBytes", "BelfryProtocol", "BelfryBroker",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        room("BelfryDelta", []),
        room("BelfryHub", ["BelfryProtocol", "BelfryBytes", "BelfryBroker"]),
        room(
            "BelfrySession",
            ["BelfryBytes", "BelfryProtocol", "BelfryAuth", "BelfryLimits", "BelfryBroker", "BelfryHub"]),
        room(
            "BelfryAPI",
            [
                "BelfryBytes", "BelfryProtocol", "BelfryAuth", "BelfryBroker", "BelfryHub", "BelfrySession",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room("BelfryObserve", ["BelfryBytes"]),
        room("BelfryAnomaly", ["BelfryBytes"]),
        room("BelfryAnomalyLab", ["BelfryAnomaly", "BelfryBytes"]),
        room(
            "BelfryJournal",
            [
                "BelfryBytes", "BelfryObserve", "CSystemd",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room("BelfryAudit", ["BelfryObserve", "BelfryJournal"]),
        room(
            "BelfryOutbound",
            [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        room(
            "BelfrySidePort",
            [
                "BelfryObserve", "BelfryAPI", "BelfryProtocol", "BelfryConsole", "BelfryDeflate",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        room(
            "BelfryServer",
            [
                "BelfryBytes", "BelfryReactor", "BelfryTLS", "BelfryHTTP", "BelfryWebSocket",
                "BelfryDeflate", "BelfryPage", "BelfryProtocol",
                "BelfryAuth", "BelfryLimits", "BelfryBroker", "BelfryStore", "BelfryDelta", "BelfryHub",
                "BelfrySession", "BelfryObserve", "BelfryAnomaly", "BelfryJournal", "BelfryOutbound",
                "BelfryAPI", "BelfrySidePort", "BelfryBench", .product(name: "Yams", package: "Yams"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        room("BelfryBench", ["BelfryBytes", "BelfryReactor", "BelfryTLS"]),
        .executableTarget(
            name: "belfry",
            dependencies: [
                "BelfryServer", "BelfryBench", "BelfryAudit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(name: "belfry-echo", dependencies: ["BelfryServer"], swiftSettings: strict),
        .executableTarget(
            name: "belfry-anomaly", dependencies: ["BelfryAnomaly", "BelfryAnomalyLab"],
            swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
        tests("BelfryBytes"),
        tests("BelfryReactor", ["BelfryBytes"]),
        tests("BelfryTLS", ["BelfryBytes", "COpenSSL"]),
        tests("BelfryHTTP"),
        tests("BelfryWebSocket"),
        tests("BelfryPage"),
        tests("BelfryConsole"),
        tests("BelfryDeflate", ["BelfryBytes", "BelfryWebSocket"]),
        tests("BelfryProtocol", ["BelfryBytes"]),
        tests("BelfryAuth", [.product(name: "JWTKit", package: "jwt-kit")]),
        tests("BelfryLimits", ["BelfryBytes"]),
        // What every broker must do, whoever it is: each implementation's tests run it.
        .target(
            name: "BrokerContract", dependencies: ["BelfryBroker", "BelfryProtocol"],
            path: "Tests/BrokerContract", swiftSettings: strict),
        tests("BelfryBroker", ["BelfryBytes", "BelfryProtocol", "BrokerContract"]),
        tests(
            "BelfryStore",
            [
                "BelfryBytes", "BelfryProtocol", "BelfryBroker", "BrokerContract",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        tests("BelfryDelta", ["BelfryBytes"]),
        tests("BelfryHub", ["BelfryBytes", "BelfryProtocol", "BelfryBroker"]),
        tests(
            "BelfrySession",
            [
                "BelfryBytes", "BelfryProtocol", "BelfryAuth", "BelfryLimits", "BelfryBroker", "BelfryHub",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        tests(
            "BelfryAPI",
            [
                "BelfryBytes", "BelfryProtocol", "BelfryBroker", "BelfryHub", "BelfrySession",
                .product(name: "Yams", package: "Yams"),
            ]),
        tests("BelfryObserve", ["BelfryBytes"]),
        tests("BelfryAnomaly", ["BelfryAnomalyLab", "BelfryBytes"]),
        tests("BelfryJournal", ["BelfryBytes", "BelfryObserve"]),
        tests("BelfryAudit", ["BelfryJournal", "BelfryObserve"]),
        tests(
            "BelfrySidePort",
            [
                "BelfryObserve", "BelfryAPI", "BelfryProtocol", "BelfryConsole", "BelfryDeflate",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ]),
        tests("BelfryBench", ["BelfryBytes", "BelfryReactor", "BelfryTLS"]),
        tests(
            "BelfryServer",
            [
                "BelfryBytes", "BelfryHub", "BelfryAuth", "BelfryReactor", "BelfryLimits", "BelfryTLS",
                "BelfryJournal", "BelfryObserve", "BelfryStore", "BelfryAnomaly", "BelfrySidePort",
            ]),
    ]
)
