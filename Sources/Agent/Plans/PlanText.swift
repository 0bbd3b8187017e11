import Policy

/// What the agents of a plan are told.
enum PlanText {
  /// Bytes of each agent's words that those after it are told.
  private static let longest = 4_000

  static func task(_ part: PlanDocument.Part, before: [String]) -> String {
    guard !before.isEmpty else { return part.task }
    let words = before.map { $0.utf8.count > longest ? String($0.prefix(longest / 4)) + "…" : $0 }
    return """
      \(part.task)

      What was done before is in your workspace. Those who did it said:
      \(words.joined(separator: "\n"))
      """
  }

  static func settling(
    _ part: PlanDocument.Part?,
    _ report: BranchReport,
    advice: String?
  ) -> String {
    let task = part.map { "\nIts task was: \($0.task)" } ?? ""
    let words = advice.map { "\nThe person says: \($0)" } ?? ""
    return """
      A branch is merged into the work of others, and both changed the same lines. Settle the conflicts \
      in \(report.listed): git's marks stand there, with `merged` on one side and the branch on the \
      other. Keep what both sides meant, take all marks out, and check that the result works. Change \
      nothing else.\(task)\(words)

      \(report.text ?? "")
      """
  }
}
