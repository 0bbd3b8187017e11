package import Foundation

/// What is done with the branches of agents that work for one another, outside of every sandbox: by the
/// command that looks into them sealed.
///
/// Each is done as often as one likes and comes to the same, so that a worker that died in the middle
/// of one leaves nothing that the next does not bring to its end.
package struct BranchKeeper: Sendable {
  /// What becomes of a merge in conflict.
  package enum InConflict: Sendable, Equatable {
    /// The branch that is merged into stays as it is.
    case nothing
    /// The marks of the conflict go into its work tree, for the agent that works there to settle.
    case marks
    /// A run has settled it.
    case settled(by: String)
  }

  /// Commits what a run left, and gives that commit on for other runs to begin at.
  let give: @Sendable (_ run: String) async throws -> BranchReport
  /// Merges the branch of one run into that of another.
  let merge:
    @Sendable (_ run: String, _ from: String, _ conflict: InConflict) async throws
      -> BranchReport

  package init(
    give: @escaping @Sendable (String) async throws -> BranchReport,
    merge: @escaping @Sendable (String, String, InConflict) async throws -> BranchReport
  ) {
    self.give = give
    self.merge = merge
  }
}

/// What came of it, as it stands on record.
package struct BranchReport: Codable, Sendable, Equatable {
  package enum State: String, Codable, Sendable {
    case given, merged, conflict, unsettled, failed
  }

  package var state: State
  /// The commit that the branch is at.
  package var head: String?
  package var paths: [String]
  /// What git says of the conflicts, or why it failed.
  package var text: String?
  /// A commit of both sides with the conflicts marked.
  package var marked: String?

  package init(
    state: State,
    head: String? = nil,
    paths: [String] = [],
    text: String? = nil,
    marked: String? = nil
  ) {
    self.state = state
    self.head = head
    self.paths = paths
    self.text = text
    self.marked = marked
  }

  package init(json: Data) throws { self = try JSONDecoder().decode(Self.self, from: json) }

  init?(outcome body: String) {
    guard let report = try? Self(json: Data(body.utf8)) else { return nil }
    self = report
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// The paths in a sentence.
  var listed: String {
    let shown = paths.prefix(20).joined(separator: ", ")
    return paths.count > 20 ? "\(shown) and \(paths.count - 20) more" : shown
  }
}
