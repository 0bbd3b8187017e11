@testable import Journal

/// A call of a store, as a schedule made it.
enum SimulatedCall {
  struct Entry {
    let call: SimulatedCall
    /// What the store's clock said.
    let now: Int64
    let isRefused: Bool
    /// Each assignment as it was afterwards.
    let after: [Assignment]
  }

  case assign(NewAssignment)
  case stop(String)
  case resume(String)
  case answer(String, ApprovalAnswer)
  /// Of one assignment at most. `alive`: the workers of the asking one's host that live.
  case lease(WorkerIdentity, alive: [Int32], largestRecoveries: Int, Lease?)
  case renew(Lease, for: Int64)
  case commit([WorkChange], Lease)
}
