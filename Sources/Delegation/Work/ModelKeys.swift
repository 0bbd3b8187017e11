package import Agent
import Foundation
import Glibc
package import Journal
package import Policy
package import SystemPackage

/// The keys by which assignments call models: the same for each worker that takes one, so that what a
/// dead one had asked is not paid for twice.
///
/// A key is derived from the assignment's name and a seed that lies in the state directory. What it may
/// spend stands in the ledger, below the account of the assignment that gave the work.
package struct ModelKeys: Sendable {
  private let ledger: Ledger
  private let seed: [UInt8]

  package init(ledger: Ledger, state: FilePath) throws {
    self.ledger = ledger
    seed = try Self.seed(state.appending("work.key"))
  }

  /// The key of an assignment; made where there is none yet.
  package func key(
    for assignment: Assignment,
    _ settings: AgentSettings,
    models: ModelRules?
  ) throws -> String {
    let name = Self.account(of: assignment.id)
    let secret = KeySecret(of: name, seed: seed)
    if try ledger.key(secret) != nil { return secret.text }
    let limit = [settings.budget, models?.budget?.picoDollars].compactMap { $0 }.min()
    let account = Account(
      id: name,
      parent: assignment.parent.map(Self.account),
      limit: limit
    )
    // The worker that took the assignment before may have made it meanwhile.
    do {
      _ = try ledger.addKey(
        VirtualKey.Terms(name: name, account: name, models: [settings.model]),
        account: account,
        secret: secret
      )
    } catch {
      guard try ledger.key(secret) != nil else { throw error }
    }
    return secret.text
  }

  /// What an assignment has spent, with all below it, in pico-dollars; more than any rule allows where
  /// that cannot be known.
  ///
  /// - Parameter newest: a call that the gateway may still be about to settle.
  func spent(by assignment: String, newest: String?) async -> Int64 {
    let name = Self.account(of: assignment)
    let end = ContinuousClock.now + Self.settling
    do {
      if let newest = newest.flatMap({ CallID($0) }) {
        while try ledger.call(newest)?.state == .reserved, ContinuousClock.now < end {
          try await Task.sleep(for: .milliseconds(20))
        }
      }
      return try ledger.sums(of: [name])[name]?.spent ?? 0
    } catch {
      return .max
    }
  }

  /// How long an answer that was given may wait for its price to be written down.
  private static let settling: Duration = .seconds(2)

  /// The assignment is done: its key opens nothing any more.
  package func revoke(_ assignment: String) {
    try? ledger.revokeKey(named: Self.account(of: assignment))
  }

  package static func account(of assignment: String) -> String { "run:\(assignment)" }

  private static func seed(_ file: FilePath) throws -> [UInt8] {
    if let found = FileManager.default.contents(atPath: file.string), found.count == 32 {
      return Array(found)
    }
    var random = SystemRandomNumberGenerator()
    let seed = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    let new = file.removingLastComponent().appending(".work.key.\(getpid())")
    let descriptor = try FileDescriptor.open(
      new,
      .writeOnly,
      options: [.create, .truncate, .closeOnExec],
      permissions: .ownerReadWrite
    )
    try descriptor.closeAfter {
      _ = try descriptor.writeAll(seed)
      _ = fsync(descriptor.rawValue)
    }
    defer { unlink(new.string) }
    // Whoever was first has made it.
    _ = link(new.string, file.string)
    guard let made = FileManager.default.contents(atPath: file.string), made.count == 32 else {
      throw WorkError.unavailable("cannot make \(file)")
    }
    return Array(made)
  }
}
