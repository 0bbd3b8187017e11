import Foundation
import GRDB

/// The ledger inside one transaction: the sums of the accounts as they become, operation by
/// operation, written once at the end.
///
/// An operation looks before it writes: what it refuses, it refuses before its first change, so
/// its neighbours stand. Whatever else fails undoes the whole transaction.
final class LedgerBatch {
  let database: Database
  let chain: LazyChain
  /// The moment of the transaction, in microseconds since 1970.
  let now: Int64
  /// Does what has been asked before and may wait; false where there is nothing.
  var catchingUp: (() throws -> Bool)?
  private var accounts: [String: Account] = [:]
  private var sums: [Slot: Sums] = [:]
  private var changed: Set<Slot> = []

  /// An account in one of its periods.
  struct Slot: Hashable {
    let account: String
    let start: Int64
  }

  init(database: Database, chain: LazyChain, now: Int64) {
    self.database = database
    self.chain = chain
    self.now = now
  }

  /// Writes the sums that have changed.
  func finish() throws {
    guard !changed.isEmpty else { return }
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO spending (account, start, reserved, spent) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET reserved = excluded.reserved, spent = excluded.spent
        """
    )
    for slot in changed {
      let sums = self.sums[slot] ?? .zero
      try statement.execute(arguments: [slot.account, slot.start, sums.reserved, sums.spent])
    }
  }

  /// Does what has been asked before and was left for later; false where there is nothing, so that
  /// what was seen holds.
  func catchUp() throws -> Bool { try catchingUp?() ?? false }

  func sums(of slot: Slot) throws -> Sums {
    if let known = sums[slot] { return known }
    let statement = try database.cachedStatement(
      sql: "SELECT reserved, spent FROM spending WHERE account = ? AND start = ?"
    )
    let row = try GRDB.Row.fetchOne(statement, arguments: [slot.account, slot.start])
    let found = row.map { Sums(reserved: $0[0], spent: $0[1]) } ?? .zero
    sums[slot] = found
    return found
  }

  func set(_ value: Sums, of slot: Slot) {
    sums[slot] = value
    changed.insert(slot)
  }

  /// The account and all above it, itself first.
  func levels(from id: String?) throws -> [(account: Account, slot: Slot)] {
    var levels: [(Account, Slot)] = []
    var next = id
    while let id = next {
      guard levels.count < Account.deepest else {
        throw LedgerError.invalid("the budget '\(id)' has too many above it")
      }
      let account = try account(id)
      levels.append((account, Slot(account: id, start: account.period.start(at: now))))
      next = account.parent
    }
    return levels
  }

  func account(_ id: String) throws -> Account {
    if let known = accounts[id] { return known }
    guard let found = try findAccount(id) else { throw LedgerError.unknownAccount(id) }
    accounts[id] = found
    return found
  }

  func findAccount(_ id: String) throws -> Account? {
    let statement = try database.cachedStatement(
      sql: #"SELECT parent, "limit", period FROM account WHERE id = ?"#
    )
    guard let row = try GRDB.Row.fetchOne(statement, arguments: [id]) else { return nil }
    guard let period = (row[2] as String?).flatMap(BudgetPeriod.init) else {
      throw LedgerError.invalid("the budget '\(id)' has a period that this Caisson does not know")
    }
    return Account(id: id, parent: row[0], limit: row[1], period: period)
  }

  func forgetAccounts() {
    accounts = [:]
  }
}
