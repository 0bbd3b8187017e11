import Foundation
import Glibc
import Synchronization
import SystemPackage

@testable import Gateway

/// A directory with a spool in it, and a clock that tests move.
final class SpoolFixture: Sendable {
  let directory: FilePath
  private let time = Mutex<Int64>(1_700_000_000_000_000)

  init(_ directory: FilePath) {
    self.directory = directory
  }

  struct Opened {
    let spool: Spool
    /// Whose answers, or parts of them, it found.
    let calls: [CallNumber]
    let damage: [Spool.Damage]
    let cutBytes: Int
  }

  func open(_ options: SpoolOptions = SpoolOptions()) throws -> Opened {
    let opened = try Spool.open(
      directory: directory,
      options: options,
      clock: { self.time.withLock { $0 } }
    )
    return Opened(
      spool: opened.spool,
      calls: opened.spool.calls,
      damage: opened.damage,
      cutBytes: opened.cutBytes
    )
  }

  func pass(seconds: Int64) {
    time.withLock { $0 += seconds * 1_000_000 }
  }

  func segments(_ suffix: String = ".spool") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.string)
      .filter { $0.hasSuffix(suffix) }.sorted()
  }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: directory.appending(name).string)))
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(filePath: directory.appending(name).string))
  }

  func empty() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.string) {
      try FileManager.default.removeItem(atPath: directory.appending(name).string)
    }
  }
}

func withSpool<Value>(_ body: (SpoolFixture) async throws -> Value) async throws -> Value {
  let path = FilePath(NSTemporaryDirectory()).appending("caisson-spool-\(UUID().uuidString)")
  mkdir(path.string, 0o700)
  defer { try? FileManager.default.removeItem(atPath: path.string) }
  return try await body(SpoolFixture(path))
}

/// What an answer ought to be.
struct ModelAnswer: Equatable {
  var scope: [UInt8]
  var pieces: [[UInt8]] = []
  var outcome: AnswerEnd.Outcome?
  var summary: [UInt8] = []
}

extension Spool {
  func begin(_ call: CallNumber, _ scope: String = "key") throws {
    try begin(call, scope: Array(scope.utf8), requestHash: [1, 2], response: Array("200".utf8))
  }

  /// Of which calls it knows an answer.
  var calls: [CallNumber] {
    state.withLock { state in
      var calls = Set(state.open.keys)
      for segment in state.segments {
        calls.formUnion(segment.finished.recent.keys)
        calls.formUnion(segment.finished.closed.calls)
      }
      return calls.sorted()
    }
  }

  /// Everything there is of an answer now.
  func read(_ call: CallNumber) throws -> ModelAnswer? {
    guard var cursor = try answer(of: call) else { return nil }
    var answer = ModelAnswer(scope: [])
    while let part = try cursor.next() {
      switch part {
      case .begin(let head): answer.scope = head.scope
      case .piece(let bytes): answer.pieces.append(bytes)
      case .end(let end):
        answer.outcome = end.outcome
        answer.summary = end.summary
      case .waiting, .brokenOff: return answer
      }
    }
    return answer
  }
}

extension CallNumber: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int64) {
    self.init(value)
  }
}
