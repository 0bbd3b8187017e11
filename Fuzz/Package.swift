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
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(name: "Policy", dependencies: ["Yams"]),
    .target(name: "PolicyMutation", dependencies: ["Policy"]),
    usesLibFuzzer
      ? .executableTarget(
        name: "policy-libfuzzer",
        dependencies: ["PolicyMutation"],
        swiftSettings: [.unsafeFlags(["-parse-as-library"])]
      )
      : .executableTarget(name: "policy-fuzz", dependencies: ["PolicyMutation"]),
    .executableTarget(
      name: "wire-fuzz",
      dependencies: [
        "Policy",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]
    ),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
