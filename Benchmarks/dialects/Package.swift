// swift-tools-version: 6.2
import PackageDescription

// Apart from the main package, so that its tests never build it; `Dialects` is a link to its
// sources. The executable has another name than the link, because names differ in case alone on
// some file systems.

let package = Package(
  name: "caisson-dialects",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "Dialects"),
    .executableTarget(name: "dialect-bench", dependencies: ["Dialects"]),
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
