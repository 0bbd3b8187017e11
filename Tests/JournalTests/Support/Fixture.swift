import Foundation
import class GRDB.DatabaseQueue
import SystemPackage

@testable import Journal

/// A directory with a journal in it, and the means to do to it what a vandal would.
struct Fixture {
  let directory: FilePath

  var database: FilePath { directory.appending("journal.sqlite") }
  var head: FilePath { directory.appending("journal.head") }

  func open() throws -> Journal {
    // A clock of its own: equal times in equal places.
    let ticks = Ticks()
    return try Journal.open(directory: directory) { ticks.next() }
  }

  /// Writes `count` rows of three runs.
  @discardableResult
  func fill(_ count: Int) throws -> [Row] {
    let journal = try open()
    defer { journal.close() }
    return try (1...count).map { number in
      try journal.append(.denial(.sample(number)), run: "run\(number % 3)")
    }
  }

  /// Changes the rows behind the journal's back.
  func tamper(_ statements: String) throws {
    let queue = try DatabaseQueue(path: database.string)
    try queue.inDatabase { try $0.execute(sql: statements) }
    try queue.close()
  }

  func verify() throws -> Verification {
    let journal = try open()
    defer { journal.close() }
    return try journal.verify()
  }

  /// The break that verifying finds; nil where the chain is intact.
  func found() throws -> Break? {
    if case .broken(let broken) = try verify() { broken } else { nil }
  }
}

func withFixture<Value>(_ body: (Fixture) async throws -> Value) async throws -> Value {
  let path = FilePath(NSTemporaryDirectory()).appending("caisson-journal-\(UUID().uuidString)")
  try FileManager.default.createDirectory(
    atPath: path.string,
    withIntermediateDirectories: false,
    attributes: [.posixPermissions: 0o700]
  )
  defer { try? FileManager.default.removeItem(atPath: path.string) }
  return try await body(Fixture(directory: path))
}

extension Denial {
  static func sample(_ number: Int) -> Denial {
    Denial(layer: .seccomp, what: "call\(number)", rule: "system calls", count: number)
  }
}

extension RunStarted {
  static func sample(_ command: [String] = ["true"]) -> RunStarted {
    RunStarted(
      command: command,
      directory: "/w",
      workspace: "/w",
      workspaceMode: "overlay",
      policyName: "default",
      policyHash: "ab",
      uid: 7,
      pid: 1,
      pidStart: 2,
      host: "h",
      version: "0"
    )
  }
}
