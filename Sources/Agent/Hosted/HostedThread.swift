import Dialects
import Journal

/// What is on record of an agent that is run as a whole, and what is next.
struct HostedThread {
  enum Next: Equatable {
    case start
    case recover([StepRecord])
    case run
    case finish(Assignment.State, String)
  }

  let next: Next

  /// How often it is begun again by itself before a person is told.
  static let mostRestarts = 3

  /// - Parameters:
  ///   - settled: The newest of its steps that had ended when this stretch began: it ended together with
  ///     the assignment, so that whoever resumed that wants it begun again.
  ///   - wasAsking: Whether it was interrupted while a person was asked, who has answered since.
  ///   - startsAgain: Whether it is begun again by itself after it was interrupted.
  init(
    _ records: [StepRecord],
    settled: Int?,
    wasAsking: Bool = false,
    startsAgain: Bool
  ) {
    let open = records.filter { $0.outcome == nil }
    let hasStarted = records.contains {
      $0.intent.kind == StepKind.start && $0.outcome?.status == .done
    }
    let runs = records.filter { $0.intent.kind == StepKind.agent }
    guard open.isEmpty else {
      next = .recover(open)
      return
    }
    guard hasStarted else {
      next = .start
      return
    }
    guard let last = runs.last, let outcome = last.outcome else {
      next = .run
      return
    }
    let body = try? JSONDocument.object(Array(outcome.body.utf8), bounds: .answer)
    let text = body?["text"]?.string ?? ""
    let isSettled = last.intent.sequence == settled
    switch outcome.status {
    // Nobody resumes what is done: it was let go between the two.
    case .done: next = .finish(.done, text)
    case _ where isSettled: next = .run
    case .failed: next = .finish(.failed, text)
    case .interrupted, .notHappened:
      let restarts = runs.reversed().prefix { $0.outcome?.status == .interrupted }.count
      next =
        (startsAgain || wasAsking) && restarts <= Self.mostRestarts
        ? .run
        : .finish(.parked, "\(text) Resuming it starts the agent again, in the workspace as it is.")
    }
  }

  /// The newest step of the agent, where it has ended.
  static func settled(_ records: [StepRecord]) -> Int? {
    let last = records.last { $0.intent.kind == StepKind.agent }
    return last?.outcome == nil ? nil : last?.intent.sequence
  }
}
