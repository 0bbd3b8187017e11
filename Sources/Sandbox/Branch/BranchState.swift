internal import Foundation
internal import SystemPackage

/// `branch-state` in a run's directory: what of the branch was taken, and what is under way. Written
/// before anything of the user's is changed.
package struct BranchState: Codable, Hashable, Sendable {
  package enum Phase: String, Codable, Sendable {
    case applying, applied, undoing, undone
  }

  /// A merge into the branch that the user works on.
  package struct Merge: Codable, Hashable, Sendable {
    package var reference: String
    package var from: ObjectName
    package var to: ObjectName

    package init(reference: String, from: ObjectName, to: ObjectName) {
      self.reference = reference
      self.from = from
      self.to = to
    }
  }

  package var phase: Phase
  /// Counts the applies of the run.
  package var generation: Int
  package var tip: ObjectName
  /// What the user's repository had under the branch's name before.
  package var former: ObjectName?
  /// What it had there before the first apply of those that stand: an undo goes back to it.
  package var original: ObjectName?
  package var merge: Merge?

  package init(after earlier: BranchState?, tip: ObjectName, former: ObjectName?, merge: Merge?) {
    phase = .applying
    generation = (earlier?.generation ?? 0) + 1
    self.tip = tip
    self.former = former
    original = earlier?.phase == .applied ? earlier?.original : former
    self.merge = merge
  }

  private static let name = Array("branch-state".utf8)

  package static func read(in directory: String) throws -> BranchState? {
    let run = try openTree(FilePath(directory), as: "run's directory")
    guard let bytes = try StateFile.read(name, in: run) else { return nil }
    guard let state = try? JSONDecoder().decode(BranchState.self, from: Data(bytes)) else {
      throw WorkspaceError.corrupt(file: "\(directory)/branch-state", what: "it is no state")
    }
    return state
  }

  package func write(in directory: String) throws {
    let run = try openTree(FilePath(directory), as: "run's directory")
    try StateFile.write(Array(try JSONEncoder().encode(self)), Self.name, in: run)
  }
}
