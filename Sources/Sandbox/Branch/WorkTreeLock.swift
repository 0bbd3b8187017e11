internal import SystemPackage

/// The lock of a user's directory, which every apply and undo takes; for as long as the value lives.
final class WorkTreeLock {
  private let file: OpenFile

  init(_ root: String) throws(WorkspaceError) {
    file = try openTree(FilePath(root), as: "workspace")
    guard try file.lock() else { throw .busy(root) }
  }
}
