import Policy
import WorkWire

/// An assignment in words.
enum AssignmentText {
  /// Its state, and why.
  static func state(_ assignment: AssignmentView, _ paint: Paint) -> String {
    let why =
      switch (assignment.state, assignment.waiting) {
      case ("waiting", "children"): " for its agents"
      case ("waiting", let what?) where what.hasPrefix("one of "): " for its agents"
      case ("waiting", "time"): " for its time"
      case ("waiting", let what?): " for an answer to \(what.printable)"
      case ("running", _) where assignment.isAskedToStop: ", and asked to stop"
      default: ""
      }
    return colour(assignment.state, paint)(assignment.state.printable + why)
  }

  static func colour(_ state: String, _ paint: Paint) -> (String) -> String {
    switch state {
    case "done": paint.green
    case "failed", "parked": paint.red
    case "waiting", "stopped": paint.yellow
    default: { $0 }
    }
  }

  static func cost(_ assignment: AssignmentView) -> String {
    let spent = Money(picoDollars: assignment.spent).text
    guard let budget = assignment.budget else { return spent }
    return "\(spent) of \(Money(picoDollars: budget).text)"
  }

  /// How it ended, or what it waits for, with what to do next.
  static func end(_ assignment: AssignmentView, _ paint: Paint) -> [String] {
    let id = assignment.id
    let time = RunTable.duration(
      seconds: Double(max(0, assignment.changed - assignment.created)) / 1_000_000
    )
    var lines = [
      paint.bold("caisson: \(id)") + " · \(state(assignment, paint)) · \(time) · "
        + "\(assignment.steps) steps · \(cost(assignment))"
    ]
    switch assignment.state {
    case "done":
      switch assignment.workspace {
      case "direct": lines.append("  it worked on \(assignment.directory.printable) itself")
      case "none":
        lines.append("  it had no workspace, so that nothing is left of its work but words")
      default:
        lines.append(
          "  see: caisson diff \(id)   take: caisson apply \(id)   drop: caisson discard \(id)"
        )
      }
    case "failed", "parked", "stopped":
      if let reason = assignment.reason { lines.append("  why: \(reason.brief(1_000))") }
      lines.append("  see: caisson show \(id)   go on: caisson resume \(id)")
    default:
      if let why = assignment.standstill { lines.append("  why: \(why.brief(1_000))") }
      lines.append("  see: caisson logs -f \(id)   stop: caisson stop \(id)")
    }
    return lines
  }
}
