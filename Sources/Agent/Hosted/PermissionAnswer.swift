import ACP
import Dialects
import Journal

/// What an agent is told that asked whether it may do something, and what is on record of it.
struct PermissionAnswer: Equatable {
  let state: Approval.State
  let comment: String?
  let outcome: PermissionOutcome
  /// The kind of the option that was chosen, or `cancelled`.
  let told: String

  /// A yes for once is told as one for once and nothing wider; without such an option as none. Whatever
  /// is no yes is told as a no.
  ///
  /// - Parameter given: How far a yes reaches.
  init(
    _ state: Approval.State,
    given: Approval.Scope?,
    comment: String?,
    to request: PermissionRequest
  ) {
    self.state = state
    self.comment = comment
    let option: PermissionOption? =
      switch (state, given) {
      case (.approved, .session?), (.approved, .always?): request.option(.allowAlways, .allowOnce)
      case (.approved, _): request.option(.allowOnce)
      case (.denied, _): request.option(.rejectOnce, .rejectAlways)
      default: request.option(.rejectOnce)
      }
    outcome = option.map { .selected($0.id) } ?? .cancelled
    told = option?.kind?.rawValue ?? "cancelled"
  }

  /// - Parameter source: The step whose answer this is, where it was asked before; or the rule.
  func stepOutcome(from source: String? = nil) -> StepOutcome {
    let body = JSONWriter.object { json in
      json.string("comment", ifAny: comment)
      json.string("from", ifAny: source)
      json.string("state", state.rawValue)
      json.string("told", told)
    }
    return StepOutcome(.done, body: String(decoding: body, as: UTF8.self))
  }
}

/// Answers of a person that came while there was no agent to be told.
struct UntoldAnswers {
  /// Steps with an answer that no agent was told, by the hash of what was asked; the newest of each.
  private(set) var steps: [String: Int] = [:]
  /// The newest step whose question is over, however that ended, and of which no agent was told.
  private(set) var newest = 0
  /// What was asked and answered, in words.
  private(set) var words: [String] = []

  init(_ records: [StepRecord]) {
    for record in records where record.intent.kind == StepKind.permission {
      guard let outcome = record.outcome,
        let json = try? JSONDocument.object(Array(outcome.body.utf8), bounds: .answer)
      else { continue }
      let hash = record.intent.hash
      if json["told"] != nil {
        steps[hash] = nil
        continue
      }
      newest = record.intent.sequence
      switch json["state"]?.string.flatMap(Approval.State.init) {
      case .approved, .denied: steps[hash] = record.intent.sequence
      default: break
      }
    }
    let untold = Set(steps.values)
    for record in records where untold.contains(record.intent.sequence) {
      let asked = try? JSONDocument.object(Array(record.intent.body.utf8), bounds: .answer)
      let title = String((asked?["title"]?.string ?? "what you asked last").prefix(200))
      let answer = record.outcome.map { AnsweredInquiry($0) }
      words.append(
        "You had asked whether you may: \(title). \(answer?.words ?? "") Ask again when you come to it."
      )
    }
  }
}
