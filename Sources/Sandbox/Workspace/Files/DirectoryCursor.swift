/// A directory that several hold open.
final class Directory {
  let file: OpenFile

  init(_ file: consuming OpenFile) { self.file = file }
}

/// Keeps the directory opened last, since entries are worked on in tree order.
struct DirectoryCursor {
  private let root: Directory
  private var current: (path: RelativePath, directory: Directory)?

  init(root: Directory) { self.root = root }

  /// The directory at a path beneath the root, opened without following any symbolic link.
  mutating func directory(at path: RelativePath) throws(WorkspaceError) -> Directory {
    if path.isRoot { return root }
    if let current, current.path == path { return current.directory }
    let directory = Directory(try root.file.open(path, [.path, .directory, .sameMount]))
    current = (path, directory)
    return directory
  }

  /// The directory that holds a path.
  mutating func parent(of path: RelativePath) throws(WorkspaceError) -> Directory {
    try directory(at: path.parent ?? .root)
  }

  mutating func status(of path: RelativePath) throws(WorkspaceError) -> FileStatus? {
    if path.isRoot { return try root.file.status() }
    do throws(WorkspaceError) {
      return try parent(of: path).file.status(of: path.name)
    } catch {
      // A parent that is missing, is no directory or is a link: the path is not there.
      if let number = error.number, [2, 20, 40].contains(number) { return nil }
      throw error
    }
  }

  mutating func forget() { current = nil }
}
