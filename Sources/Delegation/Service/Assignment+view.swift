import Agent
import Foundation
import Journal
import WorkWire

// What is on record, as it is shown.

extension AssignmentView {
  init(_ assignment: Assignment, _ sums: Sums, questions: Int) {
    self.init(
      id: assignment.id,
      text: assignment.text,
      state: assignment.state.rawValue,
      created: assignment.created,
      changed: assignment.changed
    )
    parent = assignment.parent
    waiting = assignment.waiting
    reason = assignment.reason
    wake = assignment.wake
    steps = assignment.steps
    recoveries = assignment.recoveries
    isAskedToStop = assignment.isAskedToStop
    worker = assignment.lease.holder.map { "\($0.host) process \($0.process.pid)" }
    spent = sums.spent
    reserved = sums.reserved
    self.questions = questions
    guard let settings = try? AgentSettings(json: assignment.settings) else { return }
    directory = settings.directory
    model = settings.model
    agent = settings.plan == nil ? settings.agent : "plan"
    name = settings.name
    policyName = settings.policyName
    workspace = settings.workspace
    budget = settings.budget
  }
}

extension StepView {
  init(_ step: StepRecord) {
    self.init(
      number: step.intent.sequence,
      kind: step.intent.kind,
      effect: step.intent.effect.rawValue,
      attempts: step.attempts,
      request: JSONValue(onRecord: step.intent.body),
      status: step.outcome?.status.rawValue,
      outcome: step.outcome.map { JSONValue(onRecord: $0.body) },
      begun: step.begun,
      ended: step.ended
    )
  }
}

extension QuestionView {
  init(_ approval: Approval) {
    self.init(
      id: approval.id,
      assignment: approval.assignment,
      hash: approval.hash,
      action: JSONValue(onRecord: approval.action),
      scope: approval.scope.rawValue,
      state: approval.state.rawValue,
      created: approval.created,
      expires: approval.expires,
      answeredBy: approval.answeredBy,
      answeredAt: approval.answeredAt,
      comment: approval.comment,
      given: approval.given?.rawValue
    )
  }
}

extension ScheduleView {
  init(_ schedule: Schedule) {
    let settings = try? AgentSettings(json: schedule.settings)
    self.init(
      id: schedule.id,
      text: schedule.text,
      every: schedule.every,
      due: schedule.due,
      directory: settings?.directory ?? "",
      model: settings?.model ?? ""
    )
  }
}

extension JSONValue {
  /// A text that our own program wrote as JSON; where it is none, the text itself.
  fileprivate init(onRecord text: String) {
    self =
      (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .string(text)
  }
}
