import Foundation
import GRDB

/// Where the ledger does not agree with itself.
package enum LedgerDifference: Sendable, Equatable {
  /// An account's sums in a period are not what its calls add up to.
  case sums(account: String, start: Int64, kept: Sums, counted: Sums)
  /// A charged call has no row in the chain.
  case unchained(CallID)
  /// The call's row in the chain says something else than the call.
  case differs(CallID, row: Int64)
  /// The chain has a call that the ledger does not have, or has as not charged.
  case uncalled(CallID, row: Int64)
  /// A call costs more than was reserved, and does not say so.
  case aboveCeiling(CallID)
  /// The calls of an account add up to more than can be counted.
  case overflow(account: String)
}

extension LedgerDifference: CustomStringConvertible {
  package var description: String {
    switch self {
    case .sums(let account, _, let kept, let counted):
      "the budget '\(account)' is kept as \(kept.reserved) reserved and \(kept.spent) spent, but "
        + "its calls add up to \(counted.reserved) and \(counted.spent) pico-dollars"
    case .unchained(let call): "\(call) is charged, but has no row in the journal"
    case .differs(let call, let row): "\(call) is not what row \(row) of the journal says of it"
    case .uncalled(let call, let row):
      "row \(row) of the journal charges \(call), the ledger does not"
    case .aboveCeiling(let call): "\(call) costs more than was reserved for it"
    case .overflow(let account): "the calls of '\(account)' add up to more than can be counted"
    }
  }
}

extension Ledger {
  /// Adds all calls up anew, and holds them against the sums and against the chain; gives what
  /// differs. Whether the chain itself holds is ``Journal/verify()``'s to say.
  package func verify() throws(LedgerError) -> [LedgerDifference] {
    try read { database in
      var differences: [LedgerDifference] = []
      var counted: [LedgerBatch.Slot: Sums] = [:]
      var charged: [Int64: ModelCall] = [:]
      let calls = try GRDB.Row.fetchCursor(database, sql: "\(CallRecord.columns) ORDER BY id")
      while let row = try calls.next() {
        let call = try CallRecord(row)
        if call.isBeyond, (row[16] as Int64) != 1 { differences.append(.aboveCeiling(call.id)) }
        if let event = call.event { charged[call.id.number] = event }
        for slot in LedgerBatch.Slot.list(of: CallRecord.slots(of: row)) {
          let sums = counted[slot] ?? .zero
          guard let sum = sums.adding(call) else {
            differences.append(.overflow(account: slot.account))
            continue
          }
          counted[slot] = sum
        }
      }
      differences += try Self.compare(counted, in: database)
      differences += try Self.compare(charged, in: database)
      return differences
    }
  }

  private static func compare(
    _ counted: [LedgerBatch.Slot: Sums],
    in database: Database
  ) throws -> [LedgerDifference] {
    var rest = counted
    var differences: [LedgerDifference] = []
    let kept = try GRDB.Row.fetchCursor(
      database,
      sql: "SELECT account, start, reserved, spent FROM spending ORDER BY account, start"
    )
    while let row = try kept.next() {
      let slot = LedgerBatch.Slot(account: row[0], start: row[1])
      let sums = Sums(reserved: row[2], spent: row[3])
      let sum = rest.removeValue(forKey: slot) ?? .zero
      if sum != sums {
        differences.append(
          .sums(account: slot.account, start: slot.start, kept: sums, counted: sum)
        )
      }
    }
    for (slot, sum) in rest.sorted(by: {
      ($0.key.account, $0.key.start) < ($1.key.account, $1.key.start)
    })
    where sum != .zero {
      differences.append(.sums(account: slot.account, start: slot.start, kept: .zero, counted: sum))
    }
    return differences
  }

  private static func compare(
    _ charged: [Int64: ModelCall],
    in database: Database
  ) throws -> [LedgerDifference] {
    var rest = charged
    var differences: [LedgerDifference] = []
    let rows = try GRDB.Row.fetchCursor(
      database,
      sql: "SELECT sequence, payload FROM entry WHERE kind = 'model-call' ORDER BY sequence"
    )
    while let row = try rows.next() {
      guard case .modelCall(let event) = Event(kind: "model-call", payload: row[1]) else {
        continue
      }
      let id = CallID(event.call)
      if let call = rest.removeValue(forKey: event.call) {
        if call != event { differences.append(.differs(id, row: row[0])) }
      } else {
        differences.append(.uncalled(id, row: row[0]))
      }
    }
    return differences + rest.keys.sorted().map { .unchained(CallID($0)) }
  }
}

extension Sums {
  fileprivate func adding(_ call: CallRecord) -> Sums? {
    let (reserved, spent) = call.state == .reserved ? (call.ceiling, 0) : (0, call.charged)
    let held = self.reserved.addingReportingOverflow(reserved)
    let paid = self.spent.addingReportingOverflow(spent)
    return held.overflow || paid.overflow
      ? nil : Sums(reserved: held.partialValue, spent: paid.partialValue)
  }
}
