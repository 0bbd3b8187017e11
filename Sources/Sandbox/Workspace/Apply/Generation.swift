/// One apply of a run, and perhaps its undo: a directory in the run's state.
final class Generation {
  enum File: String { case intent, plan, abort, done }

  let number: Int
  let directory: OpenFile

  static let forgottenSuffix = Array(".forgotten".utf8)

  init(number: Int, in parent: borrowing OpenFile) throws(WorkspaceError) {
    self.number = number
    directory = try parent.open(name: Array(String(number).utf8), [.read, .directory])
  }

  private func name(_ file: File, _ verb: Transaction.Verb) -> [UInt8] {
    Array(((verb == .undo ? "undo-" : "") + file.rawValue).utf8)
  }

  func has(_ file: File, of verb: Transaction.Verb) throws(WorkspaceError) -> Bool {
    try directory.status(of: name(file, verb)) != nil
  }

  /// When a file was written; nil where there is none.
  func moment(of file: File, _ verb: Transaction.Verb) throws(WorkspaceError) -> Timestamp? {
    try directory.status(of: name(file, verb))?.modified
  }

  func read(_ file: File, of verb: Transaction.Verb) throws(WorkspaceError) -> [UInt8]? {
    try StateFile.read(name(file, verb), in: directory)
  }

  func write(
    _ bytes: [UInt8],
    _ file: File,
    of verb: Transaction.Verb
  ) throws(WorkspaceError) {
    try StateFile.write(bytes, name(file, verb), in: directory)
  }

  func remove(_ file: File, of verb: Transaction.Verb) throws(WorkspaceError) {
    try StateFile.remove(name(file, verb), in: directory)
  }

  /// A directory of the generation, made where it is missing.
  func subdirectory(_ name: String) throws(WorkspaceError) -> Directory {
    let name = Array(name.utf8)
    if try directory.status(of: name) == nil { try directory.makeDirectory(name) }
    return Directory(try directory.open(name: name, [.read, .directory]))
  }

  /// Gives up the generation in one step; `RunState.clean` removes what is left of it.
  func forget(in parent: borrowing OpenFile) throws(WorkspaceError) {
    let name = Array(String(number).utf8)
    try parent.rename(name, to: parent, as: name + Self.forgottenSuffix, .replacing)
    try parent.sync()
  }
}
