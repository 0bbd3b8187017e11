/// An assignment as a list shows it.
package struct AssignmentView: Codable, Sendable, Hashable {
  package var id: String
  package var parent: String?
  package var text: String
  /// `queued`, `running`, `waiting`, `done`, `failed`, `stopped` or `parked`.
  package var state: String
  /// What it waits for: a question's id, `children` or `time`.
  package var waiting: String?
  package var reason: String?
  package var created: Int64
  package var changed: Int64
  /// When it is looked at again.
  package var wake: Int64?
  package var steps: Int
  /// Workers that died under it since its newest step.
  package var recoveries: Int
  package var isAskedToStop: Bool
  /// The machine and process that works on it.
  package var worker: String?
  package var directory: String
  package var model: String
  package var agent: String
  /// What it is called in the plan that it is a part of.
  package var name: String?
  package var policyName: String
  package var workspace: String?
  package var budget: Int64?
  /// With all that its children have spent.
  package var spent: Int64
  /// Held back for calls under way.
  package var reserved: Int64
  /// Questions that nobody has answered yet.
  package var questions: Int

  package init(id: String, text: String, state: String, created: Int64, changed: Int64) {
    self.id = id
    self.text = text
    self.state = state
    self.created = created
    self.changed = changed
    steps = 0
    recoveries = 0
    isAskedToStop = false
    directory = ""
    model = ""
    agent = ""
    policyName = ""
    spent = 0
    reserved = 0
    questions = 0
  }

  /// Whether nothing more happens unless a person says so.
  package var isOver: Bool { ["done", "failed", "stopped", "parked"].contains(state) }
  /// Why it does not go on, where it would otherwise.
  package var standstill: String? { ["queued", "running"].contains(state) ? reason : nil }
  /// Whether it waits for a person.
  package var waitsForPerson: Bool {
    state == "waiting" && waiting.map { $0.hasPrefix("\(id).") } == true
  }
}

/// An assignment with all that belongs to it: `GET /v1/assignments/ID`.
package struct AssignmentDetail: Codable, Sendable, Hashable {
  package var assignment: AssignmentView
  /// All below it, the oldest first.
  package var children: [AssignmentView]
  /// Questions of its own and of its children that nobody has answered yet.
  package var questions: [QuestionView]
  /// The policy as it is enforced.
  package var policy: String
  package var turns: Int
  package var patience: Int64?

  package init(
    assignment: AssignmentView,
    children: [AssignmentView],
    questions: [QuestionView],
    policy: String,
    turns: Int,
    patience: Int64?
  ) {
    self.assignment = assignment
    self.children = children
    self.questions = questions
    self.policy = policy
    self.turns = turns
    self.patience = patience
  }
}

/// A step: what was about to be done, and what came of it.
package struct StepView: Codable, Sendable, Hashable {
  package var number: Int
  package var kind: String
  /// `pure`, `keyed`, `probed`, `contained` or `opaque`.
  package var effect: String
  /// How often it was begun.
  package var attempts: Int
  package var request: JSONValue
  /// `done`, `failed`, `interrupted` or `not-happened`; nil while it is under way.
  package var status: String?
  package var outcome: JSONValue?
  package var begun: Int64
  package var ended: Int64?

  package init(
    number: Int,
    kind: String,
    effect: String,
    attempts: Int,
    request: JSONValue,
    status: String?,
    outcome: JSONValue?,
    begun: Int64,
    ended: Int64?
  ) {
    self.number = number
    self.kind = kind
    self.effect = effect
    self.attempts = attempts
    self.request = request
    self.status = status
    self.outcome = outcome
    self.begun = begun
    self.ended = ended
  }
}

/// `GET /v1/assignments/ID/steps`
package struct StepsView: Codable, Sendable, Hashable {
  package var assignment: AssignmentView
  package var steps: [StepView]
  package var questions: [QuestionView]
  /// Given back as `seen`, it lets the next request wait until anything has changed.
  package var mark: String
  /// Whether there are more steps than one answer holds.
  package var isCut: Bool

  package init(
    assignment: AssignmentView,
    steps: [StepView],
    questions: [QuestionView],
    mark: String,
    isCut: Bool
  ) {
    self.assignment = assignment
    self.steps = steps
    self.questions = questions
    self.mark = mark
    self.isCut = isCut
  }
}

/// A question to a person about one exact action.
package struct QuestionView: Codable, Sendable, Hashable {
  package var id: String
  package var assignment: String
  package var hash: String
  /// The whole action, as it is hashed.
  package var action: JSONValue
  /// The widest scope that may be given.
  package var scope: String
  package var state: String
  package var created: Int64
  package var expires: Int64?
  package var answeredBy: String?
  package var answeredAt: Int64?
  package var comment: String?
  package var given: String?

  package init(
    id: String,
    assignment: String,
    hash: String,
    action: JSONValue,
    scope: String,
    state: String,
    created: Int64,
    expires: Int64?,
    answeredBy: String? = nil,
    answeredAt: Int64? = nil,
    comment: String? = nil,
    given: String? = nil
  ) {
    self.id = id
    self.assignment = assignment
    self.hash = hash
    self.action = action
    self.scope = scope
    self.state = state
    self.created = created
    self.expires = expires
    self.answeredBy = answeredBy
    self.answeredAt = answeredAt
    self.comment = comment
    self.given = given
  }
}

package struct ScheduleView: Codable, Sendable, Hashable {
  package var id: String
  package var text: String
  /// Microseconds between; nil for once.
  package var every: Int64?
  /// When it is due next; nil once it is over.
  package var due: Int64?
  package var directory: String
  package var model: String

  package init(
    id: String,
    text: String,
    every: Int64?,
    due: Int64?,
    directory: String,
    model: String
  ) {
    self.id = id
    self.text = text
    self.every = every
    self.due = due
    self.directory = directory
    self.model = model
  }
}

package struct HealthView: Codable, Sendable, Hashable {
  package var state: String
  package var version: String
  package var pid: Int32
  /// Whether assignments are kept on a server, apart from the machine's own journal.
  package var keepsOnServer: Bool?

  package init(state: String, version: String, pid: Int32, keepsOnServer: Bool? = nil) {
    self.state = state
    self.version = version
    self.pid = pid
    self.keepsOnServer = keepsOnServer
  }
}

/// Whether the chain of the journal that keeps the assignments is whole: `GET /v1/verification`.
package struct VerificationView: Codable, Sendable, Hashable {
  package var intact: Bool
  package var rows: Int64?
  package var head: String?
  /// Rows that were written after the head that is kept apart.
  package var uncovered: Int64?
  /// The first row at which it does not hold, and why.
  package var row: Int64?
  package var problem: String?

  package init(intact: Bool) {
    self.intact = intact
  }
}
