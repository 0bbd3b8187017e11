// swift-tools-version: 6.2
import PackageDescription

// The rooms of the house. Which target may import which is held by Tests/HouseTests against the
// table in CONTRIBUTING.md: SwiftPM alone would let any target see any other.

let package = Package(
  name: "caisson",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "caisson", targets: ["caisson"]),
    .executable(name: "caisson-daemon", targets: ["caisson-daemon"]),
    .executable(name: "caisson-egress", targets: ["caisson-egress"]),
    .executable(name: "caisson-engine", targets: ["caisson-engine"]),
    .executable(name: "caisson-exec", targets: ["caisson-exec"]),
    .executable(name: "caisson-gateway", targets: ["caisson-gateway"]),
    .executable(name: "caisson-launch", targets: ["caisson-launch"]),
    .executable(name: "caisson-mcp", targets: ["caisson-mcp"]),
    .executable(name: "caisson-attack", targets: ["caisson-attack"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.5.1"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // Policy: documents in, decisions out. No I/O.
    .target(name: "Policy", dependencies: ["Yams"]),

    // CZlib: Debian's zlib, for the packs of pushes and the checksums of the spool.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Catalogue: what models there are, what they cost, and which of them a request goes to. No I/O.
    .target(name: "Catalogue", dependencies: ["CCatalogue", "Policy"]),

    // CCatalogue: the catalogue's snapshot as bytes in the program.
    .target(name: "CCatalogue", exclude: ["NOTICE", "models.json", "models.json.sha256"]),

    // Dialects: wire formats of language-model APIs and the translation between them. No I/O.
    .target(name: "Dialects"),

    // Gateway: one address for every model. Server, upstreams, and the spool: answers on disk before
    // they are passed on, so that no death repeats a paid call.
    .target(
      name: "Gateway",
      dependencies: [
        "CZlib", "Catalogue", "Dialects", "Journal", "Policy",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),

    // caisson-gateway: the process that holds the providers' keys and every answer. Apart from the
    // command, whose start every sealed run pays.
    .executableTarget(
      name: "caisson-gateway",
      dependencies: [
        "CLinux", "Catalogue", "Gateway", "Journal",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),

    // JSONRPC: messages of JSON-RPC on lines, as two protocols speak it. No I/O.
    .target(name: "JSONRPC", dependencies: ["Dialects"]),

    // ACP: the Agent Client Protocol, both ends of it. Bodies and sessions, no I/O.
    .target(name: "ACP", dependencies: ["Dialects", "JSONRPC"]),

    // MCP: the Model Context Protocol, both ends of it. Wire, session, tools and their pins, servers
    // over pipes, and the way to those over HTTP.
    .target(
      name: "MCP",
      dependencies: [
        "CLinux", "Dialects", "JSONRPC",
        .product(name: "Crypto", package: "swift-crypto"),
      ]
    ),

    // caisson-mcp: the bridge from a pipe to a server over HTTP. It runs inside a sealed run, so that
    // such a server, too, is reached by what a policy grants.
    .executableTarget(
      name: "caisson-mcp",
      dependencies: [
        "CLinux", "JSONRPC", "MCP",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      // It runs where nothing but the system and what a policy grants can be read: not where Swift's
      // libraries may lie.
      linkerSettings: [
        .unsafeFlags(["-static-stdlib"]), .linkedLibrary("CoreFoundation"),
        .linkedLibrary("_FoundationCShims"), .linkedLibrary("_FoundationCollections"),
        .linkedLibrary("_FoundationICU"),
        .linkedLibrary("stdc++"),
      ]
    ),

    // CLinux: the system calls that Swift cannot make.
    .target(name: "CLinux"),

    // Sandbox: the plan of a sealed run, its launch, its limits and its workspace.
    .target(
      name: "Sandbox",
      dependencies: [
        "Policy", "CLinux", "ExecWire",
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),

    // ExecWire: what the service inside a session and whoever drives it say to each other. No I/O.
    .target(name: "ExecWire"),

    // caisson-exec: the service inside a session. Static and free of Foundation like the launcher:
    // it has to run in whatever the policy shows of the machine, and to stay small.
    .executableTarget(
      name: "caisson-exec",
      dependencies: ["CLinux", "ExecWire"],
      swiftSettings: [.unsafeFlags(["-static-stdlib"])],
      linkerSettings: [
        .unsafeFlags(["-static-executable", "-Xlinker", "--gc-sections", "-Xlinker", "-s"])
      ]
    ),

    // Agent: the loop of our own agent. What it does is on record before it is done; what it does to
    // the world it does through a sealed session and the gateway.
    .target(
      name: "Agent",
      dependencies: [
        "ACP", "Dialects", "ExecWire", "JSONRPC", "Journal", "MCP", "Policy", "Sandbox",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]
    ),

    // WorkWire: what the daemon and those who speak with it say to each other. No I/O.
    .target(name: "WorkWire"),

    // Delegation: who works on what. Workers, schedules, notices, and the process that keeps them.
    .target(
      name: "Delegation",
      dependencies: [
        "Agent", "CLinux", "Journal", "Policy", "Sandbox", "WorkWire",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),

    // Console: what people and programs say to the daemon, over HTTP. What is meant by it is
    // Delegation's.
    .target(
      name: "Console",
      dependencies: [
        "Delegation", "Journal", "WorkWire",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),

    // caisson-daemon: the daemon and its workers. Apart from the command, whose start every sealed run
    // pays.
    .executableTarget(
      name: "caisson-daemon",
      dependencies: [
        "CLinux", "Console", "Delegation", "Journal", "JournalPostgres",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),

    // CKernels: the inner loops of models, with what the CPU can do. Always optimised: a model that
    // answers in a day tests nothing.
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])]),

    // Inference: language and embedding models on the CPU. Files in, tokens and numbers out.
    .target(
      name: "Inference",
      dependencies: ["CKernels"],
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]
    ),

    // caisson-engine: the process that models run in. Apart from the gateway, which holds keys, because a
    // model's file is a stranger's and its memory is large.
    .executableTarget(
      name: "caisson-engine",
      dependencies: [
        "CLinux", "Dialects", "Inference",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]
    ),

    // Egress: the way out of a run. Names, connections, TLS, HTTP rules, credentials.
    .target(
      name: "Egress",
      dependencies: [
        "CZlib", "Policy",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),

    // caisson-egress: the process that a run's network ends in. Apart from the supervisor, which
    // stays small, and alone with the secrets.
    .executableTarget(name: "caisson-egress", dependencies: ["CLinux", "Egress", "Policy"]),

    // Journal: what happened, chained by hash.
    .target(
      name: "Journal",
      dependencies: [
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),

    // CPostgres: Debian's libpq, for the journal that several machines share.
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

    // JournalPostgres: the same assignments on a server. Apart from Journal, so that the command, which
    // is linked statically, does not need libpq.
    .target(name: "JournalPostgres", dependencies: ["CPostgres", "Journal"]),

    // caisson-launch: becomes the sealed process. Static and free of Foundation, so that it starts
    // in about a millisecond and holds nothing that could be misused from inside.
    .executableTarget(
      name: "caisson-launch",
      dependencies: ["CLinux"],
      swiftSettings: [.unsafeFlags(["-static-stdlib"])],
      linkerSettings: [
        .unsafeFlags(["-static-executable", "-Xlinker", "--gc-sections", "-Xlinker", "-s"])
      ]
    ),

    // caisson-attack: the red-team suite, one C function an attack.
    .executableTarget(
      name: "caisson-attack",
      path: "Attacks",
      exclude: ["README.md"],
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.unsafeFlags(["-static-executable"])]
    ),

    // caisson: the composition root, one file a subcommand.
    .executableTarget(
      name: "caisson",
      dependencies: [
        "ACP", "Catalogue", "CLinux", "Dialects", "JSONRPC", "Journal", "MCP", "Policy", "Sandbox",
        "WorkWire",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      // Every sealed command pays this program's start: without a dynamic linker, and with nothing
      // to relocate, it is 2.7 of 5.5 ms shorter.
      linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))]
    ),

    .testTarget(name: "ACPTests", dependencies: ["ACP", "Dialects", "JSONRPC"]),
    .testTarget(name: "AgentTests", dependencies: ["ACP", "Agent", "Dialects", "Journal"]),
    .testTarget(name: "CatalogueTests", dependencies: ["Catalogue", "Policy"]),
    .testTarget(
      name: "ConsoleTests",
      dependencies: [
        "Console", "Delegation", "Journal", "WorkWire",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
    .testTarget(
      name: "DelegationTests",
      dependencies: [
        "Agent", "CLinux", "CPostgres", "Delegation", "Journal", "JournalPostgres", "Policy",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["Agents", "Hosts"]
    ),
    .testTarget(name: "DialectsTests", dependencies: ["Dialects"], exclude: ["Golden"]),
    .testTarget(
      name: "EgressTests",
      dependencies: [
        "CLinux", "CZlib", "Egress", "Policy",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .testTarget(name: "ExecWireTests", dependencies: ["ExecWire"]),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "Catalogue", "CLinux", "Dialects", "Gateway", "Journal", "Policy",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
    .testTarget(
      name: "HouseTests",
      dependencies: [.product(name: "Subprocess", package: "swift-subprocess")]
    ),
    .testTarget(
      name: "InferenceTests",
      dependencies: ["CKernels", "Inference"],
      exclude: ["Golden"]
    ),
    .testTarget(name: "JSONRPCTests", dependencies: ["Dialects", "JSONRPC"]),
    .testTarget(
      name: "JournalTests",
      dependencies: [
        "CPostgres", "Journal", "JournalPostgres",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
    .testTarget(
      name: "MCPTests",
      dependencies: [
        "CLinux", "Dialects", "JSONRPC", "MCP",
      ],
      exclude: ["Servers"]
    ),
    .testTarget(name: "PolicyTests", dependencies: ["Policy"], exclude: ["Fixtures"]),
    .testTarget(
      name: "SandboxTests",
      dependencies: [
        "CLinux", "ExecWire", "Policy", "Sandbox",
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
    .testTarget(
      name: "IntegrationTests",
      dependencies: [
        "ExecWire", "Journal", "Sandbox",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .plugin && target.type != .system {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      .treatAllWarnings(as: .error),
    ]
}
