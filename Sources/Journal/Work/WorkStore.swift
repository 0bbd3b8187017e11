/// Where assignments, their steps, leases, approvals and notices are kept: one file on one machine, or
/// a server that several machines share. Both keep this contract, and pass one test-suite.
///
/// What a function has returned is on the disk. Each writes one transaction, all of it or nothing. Time
/// is the store's own clock, in microseconds since 1970.
package protocol WorkStore: Sendable {
  // MARK: Of people

  /// Takes an assignment on; one with the same dedupe key is given back as it is.
  func assign(_ new: NewAssignment) async throws(WorkError) -> Assignment
  func assignment(_ id: String) async throws(WorkError) -> Assignment?
  /// The newest first.
  func assignments(_ filter: AssignmentFilter) async throws(WorkError) -> [Assignment]
  /// Asks for an end: at once where nobody works on it, else at the worker's next step. Nothing
  /// happens to one that is over.
  func stop(_ id: String, by: String) async throws(WorkError) -> Assignment
  /// Lets one that was stopped, parked or failed be worked on again.
  func resume(_ id: String, by: String) async throws(WorkError) -> Assignment
  /// Steps after number `after`, in order.
  func steps(of id: String, after: Int) async throws(WorkError) -> [StepRecord]

  func approvals(_ state: Approval.State?, of assignment: String?) async throws(WorkError)
    -> [Approval]
  func approval(_ id: String) async throws(WorkError) -> Approval?
  /// Answers a question, and wakes who waits for it. An answer to something else than what is asked,
  /// or to what is not asked any more, is refused.
  func answer(_ id: String, _ answer: ApprovalAnswer) async throws(WorkError) -> Approval
  /// Whether an earlier answer reaches this action in this assignment: approved for the session or for
  /// always.
  func standingApproval(hash: String, in assignment: String) async throws(WorkError) -> Approval?

  func schedule(_ schedule: Schedule) async throws(WorkError)
  func schedules() async throws(WorkError) -> [Schedule]
  func removeSchedule(_ id: String) async throws(WorkError)
  /// Gives what is due as assignments, each due moment once, whoever asks. `makeID` names them.
  func fireSchedules(makeID: @Sendable () -> String) async throws(WorkError) -> [Assignment]

  // MARK: Of workers

  /// Takes up to `limit` assignments that wait for a worker, or whose worker is gone.
  func lease(_ request: LeaseRequest) async throws(WorkError) -> [Lease]
  /// Holds leases for longer. Whether each is still held, and asked to stop.
  func renew(_ leases: [Lease], for duration: Int64) async throws(WorkError) -> [LeaseStatus]
  /// Writes about an assignment under its lease: everything or nothing, and nothing at all where the
  /// lease is another's by now (``WorkError/fenced(_:)``).
  func commit(_ changes: [WorkChange], under lease: Lease) async throws(WorkError)

  // MARK: Of notices

  /// Takes what is to be delivered, for a while: each by one at a time.
  func takeNotices(limit: Int, for duration: Int64) async throws(WorkError) -> [Notice]
  func receipt(_ id: Int64, _ receipt: NoticeReceipt) async throws(WorkError)

  // MARK: Of everyone

  /// Returns when something may have changed since the last call, or after `timeout`.
  ///
  /// For one who asks in a loop; whoever else asks meanwhile is told of what changes from then on.
  func waitForChange(timeout: Duration) async
  /// Recomputes the chain over everything.
  func verify() async throws(WorkError) -> Verification
  func close() async
}

package struct AssignmentFilter: Sendable, Equatable {
  package var states: Set<Assignment.State>?
  package var parent: String?
  package var limit = 1_000

  package init(states: Set<Assignment.State>? = nil, parent: String? = nil, limit: Int = 1_000) {
    self.states = states
    self.parent = parent
    self.limit = limit
  }
}

package struct LeaseRequest: Sendable {
  package var worker: WorkerIdentity
  /// Microseconds.
  package var duration: Int64
  package var limit: Int
  package var largestRecoveries = LeaseRule.largestRecoveries
  /// What is known of a holder.
  package var look: @Sendable (WorkerIdentity) -> LeaseRule.Sight
  /// Whether this worker could work on it at all: what it needs may lie on another machine.
  package var accepts: @Sendable (Assignment) -> Bool = { _ in true }

  package init(
    worker: WorkerIdentity,
    duration: Int64,
    limit: Int,
    look: @escaping @Sendable (WorkerIdentity) -> LeaseRule.Sight
  ) {
    self.worker = worker
    self.duration = duration
    self.limit = limit
    self.look = look
  }
}

extension LeaseRequest {
  /// Whether taking it would change anything, so that it is worth a transaction.
  package func mayTake(_ assignment: Assignment, now: Int64) -> Bool {
    var machine = WorkMachine(assignment, now: now)
    return machine.take(for: self) != nil || machine.hasChanged
  }
}

extension WorkMachine {
  mutating func take(for request: LeaseRequest) -> Lease? {
    guard request.accepts(assignment) else { return nil }
    return take(
      by: request.worker,
      for: request.duration,
      sight: assignment.lease.holder.map(request.look) ?? .unclear,
      largestRecoveries: request.largestRecoveries
    )
  }
}

package enum LeaseStatus: Sendable, Equatable {
  case held(isAskedToStop: Bool)
  case lost
}

package enum WorkError: Error, Equatable, CustomStringConvertible {
  /// Another worker holds the lease: whatever this one does is not to be done.
  case fenced(String)
  case unknownAssignment(String)
  case unknownApproval(String)
  case unknownSchedule(String)
  /// What was asked does not fit what is on record.
  case conflict(String)
  case invalid(String)
  case journal(JournalError)
  /// The server that keeps the journal cannot be reached, or refused.
  case unavailable(String)
  case closing

  package var description: String {
    switch self {
    case .fenced(let id): "assignment \(id) is in the hands of another worker"
    case .unknownAssignment(let id): "there is no assignment \(id); see: caisson tasks"
    case .unknownApproval(let id): "there is no question \(id); see: caisson tasks"
    case .unknownSchedule(let id): "there is no schedule \(id); see: caisson tasks --schedules"
    case .conflict(let reason), .invalid(let reason), .unavailable(let reason): reason
    case .journal(let error): error.description
    case .closing: "the journal is being closed"
    }
  }
}
