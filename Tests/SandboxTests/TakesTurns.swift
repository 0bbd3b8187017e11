import Glibc
import Testing

/// Tests that hold a thread while they wait take turns, whatever their suite: there are as many
/// threads as processors, and all other tests need one.
struct TakesTurns: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil else { return try await function() }
    // A file that the other modules' tests of this process know, too; the kernel lets go of it when
    // the process dies.
    let turn = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
    defer { close(turn) }
    while flock(turn, LOCK_EX | LOCK_NB) != 0 { try await Task.sleep(for: .milliseconds(20)) }
    try await function()
  }
}

extension Trait where Self == TakesTurns {
  static var takesTurns: Self { TakesTurns() }
}
