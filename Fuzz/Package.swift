// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Fuzzing stands apart, so that building and testing Caisson never builds it. Its folders are links
// into the main package: the same sources, in one package, so that `package` access reaches them.
// libFuzzer brings its own `main`, so that its target and the other exclude each other (README.md).

let usesLibFuzzer = ProcessInfo.processInfo.environment["CAISSON_LIBFUZZER"] == "1"

let package = Package(
  name: "caisson-fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // What the fuzzers share: their arguments, and the loop over the inputs.
    .target(name: "FuzzDriver"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Policy", dependencies: ["Yams"]),
    .target(name: "PolicyMutation", dependencies: ["Policy"]),
    usesLibFuzzer
      ? .executableTarget(
        name: "policy-libfuzzer",
        dependencies: ["PolicyMutation"],
        swiftSettings: [.unsafeFlags(["-parse-as-library"])]
      )
      : .executableTarget(name: "policy-fuzz", dependencies: ["FuzzDriver", "PolicyMutation"]),
    .target(name: "Dialects"),
    .target(name: "DialectMutation", dependencies: ["Dialects"]),
    .executableTarget(
      name: "dialect-fuzz",
      dependencies: ["DialectMutation", "Dialects", "FuzzDriver"]
    ),
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])]),
    .target(name: "Inference", dependencies: ["CKernels"]),
    .target(name: "ModelMutation", dependencies: ["Inference"]),
    // Counts what malloc gives, for the whole process of the fuzzer that links it.
    .target(name: "CAllocations"),
    .executableTarget(
      name: "model-fuzz",
      dependencies: ["CAllocations", "FuzzDriver", "Inference", "ModelMutation"]
    ),
    // The way out as a whole, for what is more than a parser. Its insides are reached by @testable.
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
      ],
      swiftSettings: [.unsafeFlags(["-enable-testing"])]
    ),
    .executableTarget(
      name: "http2-fuzz",
      dependencies: [
        "Egress", "FuzzDriver", "Policy",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ]
    ),
    .executableTarget(
      name: "wire-fuzz",
      dependencies: [
        "Egress", "FuzzDriver", "Policy",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]
    ),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
