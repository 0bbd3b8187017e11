/// The kinds of steps that the loop makes.
package enum StepKind {
  /// What the agent is told and its tools, as they are for the whole of its work.
  package static let start = "start"
  package static let model = "model"
  /// A message of the loop to the model.
  package static let tell = "tell"
  /// A summary in the place of older messages.
  package static let shorten = "shorten"
  /// The work came to no end and was given up: whoever resumes it grants it as much again.
  package static let givenUp = "given-up"
  /// A person is asked whether something may be done.
  package static let permission = "permission"
  /// A person is asked what became of a step that nobody can tell of.
  package static let inquiry = "inquiry"
  /// The whole work of an agent that is not ours.
  package static let agent = "agent"
  /// The branch of an agent that worked for this one is merged into its own.
  package static let merge = "merge"
  /// A task of a plan is given to an agent.
  package static let begin = "begin"
  /// The conflict of a merge is given to an agent.
  package static let settle = "settle"
  /// A plan came to an end that a person may resume: what was decided before is decided anew.
  package static let pause = "pause"
  /// What such an agent tells while it works, where it speaks ACP: that a session began,
  package static let agentSession = "agent:session"
  /// a message or a thought, as a whole,
  package static let agentSaid = "agent:said"
  /// its plan,
  package static let agentPlan = "agent:plan"
  /// and one use of a tool of its own.
  package static let agentTool = "agent:tool"
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
