import Foundation
import Policy

/// How an assignment is to be worked on: what stands, as JSON, in its `settings`.
package struct AgentSettings: Codable, Sendable, Equatable {
  /// The workspace, absolute.
  package var directory: String
  /// What is asked of the gateway.
  package var model: String
  /// `caisson`, or the name of another agent's file.
  package var agent: String
  /// The policy as a document, whole: what was asked for is what is enforced, though its file change.
  package var policy: String
  /// The name that the policy goes by.
  package var policyName: String
  /// Pico-dollars; nil where the policy's alone holds.
  package var budget: Int64?
  /// `overlay`, `branch`, `direct`, `none`; nil for the policy's.
  package var workspace: String?
  package var bounds: Bounds
  /// Seconds that a question waits for an answer; nil for ever.
  package var patience: Int64?
  /// How many agents are above this one.
  package var depth: Int
  /// The run, and its commit, that its branch begins at, as `RUN:COMMIT`.
  package var beginning: String?
  /// How many agents it may give work to at a time.
  package var parallel: Int?
  /// What it is called in the plan that it is a part of.
  package var name: String?
  /// What is worked off instead of a sentence.
  package var plan: PlanOrder?

  /// A plan, whole: what was asked for is what is done, though its files change.
  package struct PlanOrder: Codable, Sendable, Equatable {
    package var document: String
    package var file: String
    /// The policies that it names, as documents.
    package var policies: [String: String]

    package init(document: String, file: String, policies: [String: String]) {
      self.document = document
      self.file = file
      self.policies = policies
    }
  }

  /// What ends an agent that does not end by itself.
  package struct Bounds: Codable, Sendable, Equatable {
    /// Answers of the model.
    package var turns = 200
    /// Answers in a row that call no tool, or call one wrongly.
    package var mistakes = 4
    /// Tokens of the model's window; the thread is shortened when three quarters are used.
    package var window = 128_000
    /// Tokens of one answer.
    package var answer = 8_192
    /// Seconds of one command.
    package var command: Int64 = 600

    package init() {}
  }

  package init(directory: String, model: String, policy: String, policyName: String) {
    self.directory = directory
    self.model = model
    self.policy = policy
    self.policyName = policyName
    agent = Self.own
    bounds = Bounds()
    depth = 0
  }

  /// Our own agent.
  package static let own = AgentFiles.own

  package init(json text: String) throws {
    self = try JSONDecoder().decode(AgentSettings.self, from: Data(text.utf8))
  }

  package var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
