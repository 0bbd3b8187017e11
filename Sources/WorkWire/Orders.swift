/// Work as it is given: `POST /v1/assignments`, and, with `every`, `POST /v1/schedules`.
package struct AssignmentOrder: Codable, Sendable, Hashable {
  /// What is to be done, in a person's words.
  package var text: String
  /// The workspace, absolute.
  package var directory: String
  /// What is asked of the gateway.
  package var model: String
  /// A policy document, whole.
  package var policy: String
  /// The name that it goes by.
  package var policyName: String
  package var agent: String?
  /// What may be spent on models in all.
  package var budget: Int64?
  /// `overlay`, `direct` or `none`; the policy's where nothing is said.
  package var workspace: String?
  /// Seconds that a question waits for an answer.
  package var patience: Int64?
  /// Answers of the model after which the work ends unfinished.
  package var turns: Int?
  /// Not before.
  package var start: Int64?
  /// Given again after so many seconds, under a schedule.
  package var every: Int64?
  /// The same key given twice is one assignment.
  package var key: String?
  /// How many agents it may give work to at a time, whose branches are merged into its own.
  package var parallel: Int?
  /// Work in parts; `text` is what it is called by.
  package var plan: OrderedPlan?

  package init(
    text: String,
    directory: String,
    model: String,
    policy: String,
    policyName: String
  ) {
    self.text = text
    self.directory = directory
    self.model = model
    self.policy = policy
    self.policyName = policyName
  }
}

/// A plan, whole.
package struct OrderedPlan: Codable, Sendable, Hashable {
  /// The YAML.
  package var document: String
  /// The name that it goes by.
  package var file: String
  /// The policies that its tasks name, as documents.
  package var policies: [String: String]

  package init(document: String, file: String, policies: [String: String]) {
    self.document = document
    self.file = file
    self.policies = policies
  }
}

/// A person's answer: `POST /v1/approvals/ID`.
package struct AnswerOrder: Codable, Sendable, Hashable {
  package var approved: Bool
  /// `once`, `session` or `always`; `once` where nothing is said.
  package var scope: String?
  package var comment: String?
  /// The hash of what was shown: an answer holds for nothing else.
  package var hash: String

  package init(approved: Bool, scope: String? = nil, comment: String? = nil, hash: String) {
    self.approved = approved
    self.scope = scope
    self.comment = comment
    self.hash = hash
  }
}

/// A body of which every key must be known.
package protocol ClosedBody: Decodable, Sendable {
  static var keys: Set<String> { get }
}

extension AssignmentOrder: ClosedBody {
  package static let keys: Set<String> = [
    "agent", "budget", "directory", "every", "key", "model", "parallel", "patience", "plan",
    "policy",
    "policyName", "start", "text", "turns", "workspace",
  ]
}

extension AnswerOrder: ClosedBody {
  package static let keys: Set<String> = ["approved", "comment", "hash", "scope"]
}
