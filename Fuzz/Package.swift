// swift-tools-version: 6.2
import PackageDescription

// Fuzzing stands apart, so that building and testing Caisson never builds it. Its folders are links
// into the main package: the same sources, in one package, so that `package` access reaches them.

let package = Package(
  name: "caisson-fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2")
  ],
  targets: [
    .target(name: "Policy", dependencies: ["Yams"]),
    .target(name: "PolicyMutation", dependencies: ["Policy"]),
    .executableTarget(name: "policy-fuzz", dependencies: ["Policy", "PolicyMutation"]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ]
}
