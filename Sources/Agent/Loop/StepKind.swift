/// The kinds of steps that the loop makes.
package enum StepKind {
  /// What the agent is told and its tools, as they are for the whole of its work.
  package static let start = "start"
  package static let model = "model"
  /// A message of the loop to the model.
  package static let tell = "tell"
  /// A summary in the place of older messages.
  package static let shorten = "shorten"
  /// A person is asked whether something may be done.
  package static let permission = "permission"
  /// A person is asked what became of a step that nobody can tell of.
  package static let inquiry = "inquiry"
  package static let toolPrefix = "tool:"
}

/// The names of the tools that every agent of ours has.
package enum ToolName {
  package static let bash = "bash"
  package static let read = "read"
  package static let write = "write"
  package static let edit = "edit"
  package static let spawn = "spawn"
  package static let ask = "ask"
  package static let done = "done"
}
