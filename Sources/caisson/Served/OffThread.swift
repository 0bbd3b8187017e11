import Foundation
import Policy
import Synchronization

/// Does what blocks on a thread of its own: those that tasks share are as many as processors.
///
/// Callers bound how many there are at a time.
func offThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
  }
}

/// Does what is asynchronous while this thread only waits: the tasks have threads of their own.
func waitingFor(_ body: @escaping @Sendable () async throws -> Void) throws {
  let end = DispatchSemaphore(value: 0)
  let outcome = Outcome()
  // Nobody cancels it: it ends with its input.
  Task.detached {
    do {
      try await body()
    } catch {
      outcome.error.withLock { $0 = error }
    }
    end.signal()
  }
  end.wait()
  if let error = outcome.error.withLock({ $0 }) { throw error }
}

private final class Outcome: Sendable {
  let error = Mutex<(any Error)?>(nil)
}

/// What an error says to another program.
func reason(_ error: any Error) -> String {
  switch error {
  case let refusal as RunSession.Refusal: refusal.message
  case let problem as ValueProblem: "\(problem.what); \(problem.remedy)"
  default: "\(error)"
  }
}
