// swift-tools-version: 6.2

import PackageDescription

/// Settings of every target: no implicit existential, no leaked import, no warning.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A module of ours; `imports` is the whole list of what it may import.
func module(
    _ name: String,
    at path: String? = nil,
    imports: [Target.Dependency],
    resources: [Resource]? = nil
) -> Target {
    .target(
        name: name,
        dependencies: imports,
        path: path ?? "Sources/\(name)",
        resources: resources,
        swiftSettings: strict
    )
}

/// The tests of one module, with the shared fixtures finder.
func tests(_ name: String, imports: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: imports + ["TestSupport"],
        path: "Tests/\(name)Tests",
        swiftSettings: strict
    )
}

func library(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let crypto: [Target.Dependency] = [
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "CryptoExtras", package: "swift-crypto"),
]
let hummingbird: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "Logging", package: "swift-log"),
    httpTypes,
]

let package = Package(
    name: "kalends",
    products: [.executable(name: "kalends", targets: ["kalends"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // Level 0: C libraries, as module maps.
        library("CLibical", pkgConfig: "libical", apt: "libical-dev"),
        library("CLibXML2", pkgConfig: "libxml-2.0", apt: "libxml2-dev"),
        library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        library("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        // Of the C library itself, what Foundation does not show of it.
        .systemLibrary(name: "CMalloc", path: "Sources/CLibraries/CMalloc"),

        // Level 1: one subject each, no knowledge of calendars as a product.
        module("ICalendar", imports: ["CLibical"]),
        module("XML", imports: ["CLibXML2"]),
        module("SQL", imports: []),
        module("Reconcile", imports: []),
        module("OutboundHTTP", imports: ["CCurl", httpTypes]),

        // Level 2: vocabularies and stores.
        module("WebDAV", imports: ["XML", httpTypes]),
        module("SQLite", imports: ["SQL", "CSQLite"]),
        module("Store", imports: ["SQL", "ICalendar"]),
        module("Bridging", imports: ["ICalendar"]),

        // Level 3: server, engine, accounts, bridges.
        module("CalDAV", imports: ["WebDAV", "XML", "ICalendar", "Store", httpTypes]),
        module("Sync", imports: ["Bridging", "ICalendar", "Reconcile", "Store", "SQL"]),
        module("Accounts", imports: ["Store", "ICalendar", "OutboundHTTP", "Bridging", httpTypes] + crypto),
        module(
            "BridgeGoogle",
            at: "Sources/Bridges/Google",
            imports: ["Bridging", "ICalendar", "OutboundHTTP", httpTypes]
        ),
        module(
            "BridgeNotion",
            at: "Sources/Bridges/Notion",
            imports: ["Bridging", "ICalendar", "OutboundHTTP", httpTypes]
        ),

        // Level 4: the outer face, and the simulated upstreams.
        module(
            "Web",
            imports: [
                "CalDAV", "Sync", "Accounts", "Store", "ICalendar", "Bridging",
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ] + hummingbird,
            resources: [.embedInCode("Templates")]
        ),
        module("SimulatorGoogle", at: "Sources/Simulators/Google", imports: ["ICalendar", crypto[0]] + hummingbird),
        module("SimulatorNotion", at: "Sources/Simulators/Notion", imports: ["ICalendar", crypto[0]] + hummingbird),

        // Level 5: wiring.
        .executableTarget(
            name: "kalends",
            dependencies: [
                "Web", "CalDAV", "Sync", "Accounts", "Store", "SQL", "SQLite", "ICalendar", "Bridging", "OutboundHTTP",
                "BridgeGoogle", "BridgeNotion", "SimulatorGoogle", "SimulatorNotion", "CMalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ] + hummingbird,
            path: "Sources/kalends",
            swiftSettings: strict
        ),

        // Tests.
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .target(
            name: "FuzzEntries",
            dependencies: ["ICalendar", "XML", "WebDAV", "Store", "CalDAV", httpTypes],
            path: "Tests/fuzz/Entries",
            swiftSettings: strict
        ),
        tests("Fuzz", imports: ["FuzzEntries"]),
        tests("Notes", imports: []),
        tests("ICalendar", imports: ["ICalendar"]),
        tests("XML", imports: ["XML"]),
        tests("SQLite", imports: ["SQL", "SQLite"]),
        tests("OutboundHTTP", imports: ["OutboundHTTP", httpTypes]),
        tests("Reconcile", imports: ["Reconcile"]),
        tests("WebDAV", imports: ["WebDAV", "XML", httpTypes]),
        tests("Store", imports: ["Store", "SQL", "SQLite", "ICalendar"]),
        tests(
            "Accounts",
            imports: [
                "Accounts", "Store", "SQL", "SQLite", "ICalendar", "OutboundHTTP", "Bridging", httpTypes,
            ] + crypto
        ),
        .target(
            name: "StoreTestSupport",
            dependencies: ["Store", "ICalendar"],
            path: "Tests/StoreSupport",
            swiftSettings: strict
        ),
        tests(
            "CalDAV",
            imports: [
                "CalDAV", "WebDAV", "XML", "Store", "SQL", "SQLite", "ICalendar", "StoreTestSupport", httpTypes,
            ]
        ),
        .target(
            name: "SyncTestSupport",
            dependencies: ["SQL", "ICalendar"],
            path: "Tests/SyncSupport",
            swiftSettings: strict
        ),
        tests(
            "Sync",
            imports: ["Sync", "Bridging", "ICalendar", "Reconcile", "Store", "SQL", "SQLite", "SyncTestSupport"]
        ),
        tests(
            "Engine",
            imports: [
                "Sync", "Bridging", "BridgeGoogle", "BridgeNotion", "SimulatorGoogle", "SimulatorNotion", "ICalendar",
                "OutboundHTTP", "Store", "SQL", "SQLite", "SyncTestSupport", httpTypes,
            ]
        ),
        tests(
            "Bridges",
            imports: ["BridgeGoogle", "BridgeNotion", "Bridging", "ICalendar", "OutboundHTTP", httpTypes]
        ),
        tests("Simulators", imports: ["SimulatorGoogle", "SimulatorNotion", "ICalendar", "OutboundHTTP", httpTypes]),
        tests(
            "Web",
            imports: [
                "Web", "CalDAV", "Sync", "Accounts", "Store", "SQL", "SQLite", "ICalendar", "Bridging", "OutboundHTTP",
                "BridgeGoogle", "BridgeNotion", "SimulatorGoogle", "SimulatorNotion", "XML", "StoreTestSupport",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ] + hummingbird
        ),
    ],
    swiftLanguageModes: [.v6]
)
