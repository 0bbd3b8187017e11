/// Finds what was edited after an apply and would be lost by its undo.
struct UndoCheck {
  private let workspace: Directory
  private let applied: AppliedState
  private var cursor: DirectoryCursor

  init(workspace: Directory, applied: AppliedState) {
    self.workspace = workspace
    self.applied = applied
    cursor = DirectoryCursor(root: workspace)
  }

  mutating func edited(_ plan: Plan) throws(WorkspaceError) -> [RelativePath] {
    var edited: [RelativePath] = []
    let replaced = Set(plan.operations.map(\.path))
    for member in plan.members {
      let current = try cursor.status(of: member.path)
      switch (applied.entries[member.path] ?? nil, current) {
      case (nil, nil):
        break
      case (nil, .some):
        edited.append(member.path)
      case (.some, nil):
        // What was new and is gone already need not be removed again.
        if member.wasThere { edited.append(member.path) }
      case (.some(let identity), .some(let status)):
        if !identity.matches(status) {
          edited.append(member.path)
        } else if status.kind == .directory, !member.wasThere || replaced.contains(member.path) {
          edited += try strangers(in: member.path)
        }
      }
    }
    return edited
  }

  /// What lies in a directory that we made, and did not come from us.
  private func strangers(in path: RelativePath) throws(WorkspaceError) -> [RelativePath] {
    let directory = try workspace.file.open(path, [.read, .directory])
    var strangers: [RelativePath] = []
    for name in try directory.names() {
      let child = path.appending(name)
      if case .some(.some) = applied.entries[child] { continue }
      strangers.append(child)
    }
    return strangers
  }
}
