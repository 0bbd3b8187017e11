// swift-tools-version: 6.2
// Measures `Inference` by itself: its sources are links to those of the project, built for release.
import PackageDescription

let package = Package(
  name: "caisson-infer",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "Inference", dependencies: ["CKernels"]),
    .executableTarget(name: "caisson-infer", dependencies: ["Inference"]),
    .executableTarget(name: "embedding", dependencies: ["Inference"]),
    .executableTarget(name: "grammar", dependencies: ["Inference"]),
    .executableTarget(name: "tokens", dependencies: ["Inference"]),
  ],
  swiftLanguageModes: [.v6]
)
for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ]
}
