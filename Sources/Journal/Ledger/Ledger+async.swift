extension Ledger {
  /// As ``reserve(_:in:then:)``, for those who can wait.
  package func reserve(
    _ request: CallRequest,
    in epoch: Epoch
  ) async throws(LedgerError) -> Reservation {
    try await Self.answer { self.reserve(request, in: epoch, then: $0) }
  }

  @discardableResult
  package func settle(
    _ call: CallID,
    _ charge: CallCharge
  ) async throws(LedgerError) -> CallRecord {
    try await Self.answer { self.settle(call, charge, then: $0) }
  }

  @discardableResult
  package func release(
    _ call: CallID,
    outcome: String
  ) async throws(LedgerError) -> CallRecord {
    try await Self.answer { self.release(call, outcome: outcome, then: $0) }
  }

  @discardableResult
  package func markUnknown(
    _ call: CallID,
    outcome: String
  ) async throws(LedgerError) -> CallRecord {
    try await Self.answer { self.markUnknown(call, outcome: outcome, then: $0) }
  }

  private static func answer<Value: Sendable>(
    _ ask: (@escaping @Sendable (Result<Value, LedgerError>) -> Void) -> Void
  ) async throws(LedgerError) -> Value {
    let result = await withCheckedContinuation { continuation in
      ask { continuation.resume(returning: $0) }
    }
    return try result.get()
  }
}
