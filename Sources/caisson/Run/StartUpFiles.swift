import Policy
import Sandbox

/// Start-up files of a workspace that a run uses directly.
enum StartUpFiles {
  /// Names that are start-up files in the directories of editors and of git, absent ones included.
  private static let names = [
    "x", "tasks.json", "launch.json", "settings.json", "extensions.json",
    "workspace.xml", "runConfigurations", "hooks.json",
  ]

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
        guard entry.isDirectory else {
          if policy.decideApply(relativePath: relative, kind: .file) != .allow {
            found.append(entry)
          }
          continue
        }
        // A directory in which a new file would be a start-up file is kept as a whole.
        let holds =
          policy.decideApply(relativePath: relative, kind: .directory) != .allow
          || names.contains {
            policy.decideApply(relativePath: relative + Array("/\($0)".utf8), kind: .file) != .allow
          }
        if holds {
          found.append(entry)
        } else {
          pending.append(path)
        }
      }
    }
    return found
  }
}
