import Policy
import Sandbox

/// Start-up files of a workspace that a run uses directly.
enum StartUpFiles {
  /// Those that exist, at any depth: each becomes a read-only mount.
  static func existing(in workspace: String, policy: CompiledPolicy) -> [GrantedPath] {
    var found: [GrantedPath] = []
    var pending = [""]
    while let directory = pending.popLast() {
      for name in HostTree.names(in: workspace + directory) {
        let path = directory + "/" + name
        guard HostTree.link(workspace + path) == nil,
          let entry = HostTree.find(workspace + path, isSystem: false)
        else { continue }
        let relative = Array(path.utf8.dropFirst())
        switch policy.decideApply(
          relativePath: relative,
          kind: entry.isDirectory ? .directory : .file
        ) {
        case .allow: if entry.isDirectory { pending.append(path) }
        case .hold, .deny:
          found.append(entry)
        }
      }
    }
    return found
  }
}
