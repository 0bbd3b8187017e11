// swift-tools-version: 6.2
import PackageDescription

// Apart from the main package, so that its tests never build it; `Policy` is a link to its sources.

let package = Package(
  name: "caisson-decisions",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
  targets: [
    .target(name: "Policy", dependencies: ["Yams"]),
    .executableTarget(name: "decisions", dependencies: ["Policy"]),
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
