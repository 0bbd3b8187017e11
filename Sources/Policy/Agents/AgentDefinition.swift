/// Another agent, as a small document describes it: how it is started, how it is told its task, and how
/// its end is read. What it may do stands in the policy of its run, not here.
package struct AgentDefinition: Hashable, Sendable {
  /// How the agent is told its task.
  package enum TaskWay: String, Hashable, Sendable, CaseIterable {
    /// As the word `$TASK` of its command.
    case argument
    /// In a file, whose path is `$TASK_FILE`.
    case file
    case stdin
  }

  /// How it is spoken with.
  package enum Manner: String, Hashable, Sendable, CaseIterable {
    /// It is told its task once, and its end is read from its exit status.
    case command
    /// By the Agent Client Protocol, over its standard input and output.
    case acp
  }

  /// What becomes of its questions whether it may do something.
  package enum Permissions: String, Hashable, Sendable, CaseIterable {
    /// A person is asked.
    case ask
    /// It may: what holds it is the policy of its run.
    case allow
  }

  /// What is kept of what it says at its end.
  package enum Summary: Hashable, Sendable {
    case lastLines(Int)
    /// A file that it writes, absolute or relative to the workspace.
    case file(String)
  }

  /// What becomes of it after a crash in the middle.
  package enum Restart: String, Hashable, Sendable, CaseIterable {
    /// A person says whether it is begun again.
    case ask
    /// It is begun again in the workspace as it is, where the policy lets it reach nothing but models.
    case again
  }

  package let name: String
  /// Its program and arguments; see ``words(_:)``.
  package var command: [String] = []
  package var environment: [String: String] = [:]
  package var manner = Manner.command
  /// For one that speaks ACP.
  package var permissions = Permissions.ask
  /// For one that does not.
  package var task = TaskWay.argument
  /// How it writes the name of a model, with `$MODEL` for the gateway's name.
  package var model = "$MODEL"
  /// Exit statuses that mean that it is done.
  package var done: [Int32] = [0]
  package var summary = Summary.lastLines(20)
  /// What it reads beside what the policy grants: its own installation.
  package var read: [PathRule] = []
  /// Programs whose installation it reads, wherever `PATH` finds them.
  package var programs: [String] = []
  package var restart = Restart.ask

  /// What the words of its command stand for.
  package struct Fillings: Hashable, Sendable {
    package let task: String
    /// As the gateway knows it.
    package let model: String
    package let workspace: String

    package init(task: String, model: String, workspace: String) {
      self.task = task
      self.model = model
      self.workspace = workspace
    }
  }

  /// Where a task is written that the agent reads from a file or its standard input.
  package static let taskFile = "/tmp/caisson-task.txt"

  enum Variable: String, CaseIterable {
    case task = "$TASK"
    case taskFile = "$TASK_FILE"
    case model = "$MODEL"
    case workspace = "$WORKSPACE"
  }

  /// The command with each variable filled in. A variable is a whole word, so that nothing in a task
  /// can become another word.
  package func words(_ fillings: Fillings) -> [String] {
    command.map { filled($0, fillings) }
  }

  private func filled(_ word: String, _ fillings: Fillings) -> String {
    switch Variable(rawValue: word) {
    case .task: fillings.task
    case .taskFile: Self.taskFile
    case .model: model.replacing(Variable.model.rawValue, with: fillings.model)
    case .workspace: fillings.workspace
    case nil: word
    }
  }
}

extension AgentDefinition {
  /// The policy that the agent's run is under: what was granted, and what it needs to start at all.
  package func policy(within document: PolicyDocument, _ fillings: Fillings) -> PolicyDocument {
    var policy = document
    if !read.isEmpty { policy.filesystem.read = document.filesystem.effectiveRead + read }
    policy.filesystem.programs += programs.filter { !policy.filesystem.programs.contains($0) }
    // What the policy sets, stays.
    policy.environment.set.merge(environment.mapValues { filled($0, fillings) }) { set, _ in set }
    policy.models = ModelRules(allow: [fillings.model], budget: document.models?.budget)
    return policy
  }
}
