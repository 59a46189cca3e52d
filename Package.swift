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
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .target(name: "CLinux"),

        room("BelfryBytes"),
        room("BelfryReactor", ["BelfryBytes", "CLinux"]),
        room("BelfryTLS", ["BelfryBytes", "COpenSSL"]),
        room("BelfryHTTP", ["BelfryBytes"]),
        room("BelfryWebSocket", ["BelfryBytes"]),
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
            ]),
        room("BelfryLimits", ["BelfryBytes"]),
        room("BelfryBroker", ["BelfryBytes", "BelfryProtocol"]),
        room("BelfryDelta", []),
        room("BelfryHub", ["BelfryProtocol", "BelfryBytes", "BelfryBroker"]),
        room(
            "BelfrySession",
            ["BelfryBytes", "BelfryProtocol", "BelfryAuth", "BelfryLimits", "BelfryBroker", "BelfryHub"]),
        room("BelfryObserve", ["BelfryBytes"]),
        room("BelfryJournal", ["BelfryBytes", "BelfryObserve", "CSystemd"]),
        room(
            "BelfrySidePort",
            [
                "BelfryObserve", .product(name: "Hummingbird", package: "hummingbird"),
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
                "BelfryProtocol",
                "BelfryAuth", "BelfryLimits", "BelfryBroker", "BelfryDelta", "BelfryHub", "BelfrySession",
                "BelfryObserve",
                "BelfryJournal", "BelfrySidePort", .product(name: "Yams", package: "Yams"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        room("BelfryBench", ["BelfryBytes", "BelfryReactor", "BelfryTLS"]),
        .executableTarget(
            name: "belfry",
            dependencies: [
                "BelfryServer", "BelfryBench",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(name: "belfry-echo", dependencies: ["BelfryServer"], swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
        tests("BelfryBytes"),
        tests("BelfryReactor", ["BelfryBytes"]),
        tests("BelfryTLS", ["BelfryBytes", "COpenSSL"]),
        tests("BelfryHTTP"),
        tests("BelfryWebSocket"),
        tests("BelfryProtocol", ["BelfryBytes"]),
        tests("BelfryAuth", [.product(name: "JWTKit", package: "jwt-kit")]),
        tests("BelfryLimits", ["BelfryBytes"]),
        tests("BelfryBroker", ["BelfryBytes", "BelfryProtocol"]),
        tests("BelfryDelta", ["BelfryBytes"]),
        tests("BelfryHub", ["BelfryBytes", "BelfryProtocol", "BelfryBroker"]),
        tests(
            "BelfrySession",
            [
                "BelfryBytes", "BelfryProtocol", "BelfryAuth", "BelfryLimits", "BelfryBroker", "BelfryHub",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        tests("BelfryObserve", ["BelfryBytes"]),
        tests("BelfryJournal", ["BelfryBytes", "BelfryObserve"]),
        tests(
            "BelfrySidePort",
            [
                "BelfryObserve", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ]),
        tests("BelfryBench", ["BelfryBytes", "BelfryReactor", "BelfryTLS"]),
        tests("BelfryServer", ["BelfryBytes", "BelfryHub", "BelfryAuth", "BelfryReactor", "BelfryLimits"]),
    ]
)
