/// The branches of several runs become one branch of the repository that they were made of: about to
/// be, or done. Each of the runs has both rows.
package struct RunsMerged: Codable, Sendable, Equatable {
  /// The new branch, without `refs/heads/`.
  package var branch: String
  /// The commit that it is at.
  package var tip: String
  package var runs: [String]

  package init(branch: String, tip: String, runs: [String]) {
    self.branch = branch
    self.tip = tip
    self.runs = runs
  }
}
