/// Something that a worker writes about the assignment that it holds.
package enum WorkChange: Sendable, Equatable {
  /// The next step is about to be made.
  case intent(StepIntent)
  /// An open step is begun once more.
  case again(sequence: Int, reason: String)
  /// An open step has ended.
  case outcome(sequence: Int, StepOutcome)
  /// A person is asked.
  case ask(NewApproval)
  /// A question is not asked any more, or nobody answered in time.
  case close(approval: Int, as: Approval.State)
  /// The worker lets go, and the assignment waits. What it waits for: an approval's id, `children`,
  /// `time`, or ``WorkMachine/oneOf(_:)``. It wakes at `wake`, or when that is there.
  case wait(for: String, wake: Int64?)
  /// The worker lets go, and another may go on at once.
  case letGo
  /// The end, or a state from which only a person resumes it.
  case end(Assignment.State, reason: String?)
  /// A person is to be told. The same dedupe key is told once.
  case notify(kind: String, body: String, dedupe: String)
  /// Work for another agent, below this one.
  case spawn(NewAssignment)
}
