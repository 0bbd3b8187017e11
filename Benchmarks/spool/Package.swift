// swift-tools-version: 6.2
import PackageDescription

// Apart from the main package, so that its tests never build it; the gateway is a link to its
// sources.

let package = Package(
  name: "caisson-spool",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/apple/swift-system", from: "1.8.1")],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "Gateway",
      dependencies: ["CZlib", .product(name: "SystemPackage", package: "swift-system")]
    ),
    .executableTarget(
      name: "spool-bench",
      dependencies: ["Gateway", .product(name: "SystemPackage", package: "swift-system")]
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
