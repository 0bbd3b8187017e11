// swift-tools-version: 6.2
// Measures the threads of an engine; `Inference` by links, built for release.
import PackageDescription

let package = Package(
  name: "team-bench",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "Inference", dependencies: ["CKernels"]),
    .executableTarget(name: "team-bench", dependencies: ["CKernels", "Inference"]),
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
