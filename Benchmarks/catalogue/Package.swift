// swift-tools-version: 6.2
import PackageDescription

// Apart from the main package, so that its tests never build it; the targets are links to its
// sources.

let package = Package(
  name: "caisson-catalogue",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
  targets: [
    .target(name: "Policy", dependencies: ["Yams"]),
    .target(name: "CCatalogue", exclude: ["NOTICE", "models.json", "models.json.sha256"]),
    .target(name: "Catalogue", dependencies: ["CCatalogue", "Policy"]),
    .executableTarget(name: "catalogue-bench", dependencies: ["Catalogue"]),
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
