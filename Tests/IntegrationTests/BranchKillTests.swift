import Foundation
import SystemPackage
import Testing

/// The short version of `Benchmarks/branches/branches.py`: branches beside each other, and commands
/// killed at random moments.
@Suite(.timeLimit(.minutes(5))) struct BranchKillTests {
  @Test func `no kill loses a byte of what a run wrote`() async throws {
    let series = Command.named(
      "python3",
      Command.packageRoot.appending("Benchmarks/branches/branches.py").string,
      "--caisson",
      Command.binary("caisson").string,
      "--branches",
      "4",
      "--cycles",
      "24",
      "--files",
      "100",
      "--seed",
      "\(UInt32.random(in: 0...UInt32.max))"
    )
    let result = try await series.run()
    #expect(result.status == .exited(0), "\(result.output)\(result.error)")
    #expect(result.output.contains("; 0 bytes lost\n"))
  }
}
