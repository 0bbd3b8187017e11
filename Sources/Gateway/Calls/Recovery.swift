package import Journal

/// What a gateway that died left: calls whose money is held back.
package enum Recovery {
  package struct Outcome: Sendable, Equatable {
    /// Charged as their answers' ends say.
    package var settled = 0
    /// Charged at their ceilings: nobody knows.
    package var unknown: [CallRecord] = []
    package var released = 0
  }

  /// Closes the calls of gateways that are certainly dead, before any new one is made.
  package static func run(_ ledger: Ledger, _ spool: Spool) async throws -> Outcome {
    var outcome = Outcome()
    var lost: [CallID] = []
    for call in try ledger.orphans() {
      do throws(LedgerError) {
        switch try settlement(of: call, ledger, spool) {
        case .charge(let charge):
          try await ledger.settle(call.id, charge)
          outcome.settled += 1
        case .release(let reason):
          try await ledger.release(call.id, outcome: reason)
          outcome.released += 1
        case .unknown, nil: lost.append(call.id)
        }
      } catch .journal(let error) {
        throw error
      } catch {
        // One call that cannot be closed as its answer says does not keep the others from being.
        lost.append(call.id)
      }
    }
    outcome.unknown = try ledger.markUnknown(lost, outcome: "the gateway died")
    return outcome
  }

  /// What is known of a call; nil where that is nothing.
  private static func settlement(
    of call: CallRecord,
    _ ledger: Ledger,
    _ spool: Spool
  ) throws(LedgerError) -> CallSettlement? {
    let cursor: AnswerCursor?
    do {
      cursor = try spool.answer(of: CallNumber(call.id.number))
    } catch {
      // What cannot be read proves nothing.
      return nil
    }
    if let cursor { return settlement(of: call, cursor) }
    // What was reserved ahead is in the spool before it leaves. What is not there has not left, unless
    // the machine lost power and the spool's last half minute with it.
    guard call.isAhead, try ledger.isOfThisBoot(call.epoch) else { return nil }
    return .release(outcome: "unused")
  }

  /// What the end of the spooled answer says; nil where there is none.
  private static func settlement(of call: CallRecord, _ cursor: AnswerCursor) -> CallSettlement? {
    var cursor = cursor
    while let part = try? cursor.next() {
      switch part {
      case .begin(let head):
        // An answer of a ledger that is gone may lie under the same number.
        guard head.begunAt >= call.started else { return nil }
      case .piece: break
      case .end(let end):
        guard let found = SettlementSummary.decode(end.summary) else { return nil }
        if case .charge(let charge) = found, charge.amount > call.ceiling, !charge.beyond {
          return nil
        }
        return found
      case .waiting, .brokenOff: return nil
      }
    }
    return nil
  }
}
