import Foundation
import Glibc
import Policy
import Sandbox
import SystemPackage

/// Empty files and directories that keep the names of absent start-up files from a run which works
/// on the directory itself. A mount cannot name what does not exist.
///
/// They are written down before they are made, removed at the run's end by the launcher, and, where
/// both it and the supervisor were killed, by the next run that starts.
final class Placeholders {
  private(set) var entries: [Placeholder] = []
  private(set) var grants: [GrantedPath] = []
  private let record: FilePath
  private let lock: Int32

  /// What is covered: names at the top of the workspace. Deeper ones are not, and `caisson run`
  /// says so.
  private static let files = [
    ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc", ".zshenv",
    ".zprofile", ".zlogin", ".kshrc", ".envrc", ".mcp.json", ".gitmodules", ".vimrc", ".exrc",
    ".nvimrc", ".emacs", ".dir-locals.el", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc",
    "pip.conf",
    "sitecustomize.py", "usercustomize.py", ".gdbinit", ".lldbinit", ".tmux.conf", ".netrc",
    ".pre-commit-config.yaml", "lefthook.yml",
  ]
  private static let directories = [
    ".vscode", ".idea", ".zed", ".cursor", ".claude", ".codex", ".gemini", ".husky",
    ".devcontainer", ".ssh", ".cargo", ".emacs.d", ".git", ".git/hooks",
  ]

  private init(record: FilePath, lock: Int32) {
    self.record = record
    self.lock = lock
  }

  /// Makes the placeholders of a run; nil where it does not work on the directory itself.
  static func make(
    _ grants: RunGrants,
    _ record: WorkspaceRecord,
    home: Home,
    announce: (_ path: String, _ isDirectory: Bool) throws -> Void
  ) throws -> Placeholders? {
    let place = home.state.appending("placeholders")
    removeLeftOver(in: place)
    guard record.mode == .direct, let workspace = grants.workspace,
      grants.writes.contains(where: { PathText.covers($0.real, workspace.real) })
    else { return nil }
    try Home.prepare(place)
    let path = place.appending(record.run.text)
    let lock = open(path.string, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw RunSession.Refusal.failed("cannot write \(path)")
    }
    let made = Placeholders(record: path, lock: lock)
    do {
      try made.fill(workspace, grants.policy, announce)
    } catch {
      made.remove()
      throw error
    }
    return made
  }

  private func fill(
    _ workspace: GrantedPath,
    _ policy: CompiledPolicy,
    _ announce: (_ path: String, _ isDirectory: Bool) throws -> Void
  ) throws {
    var wanted = Self.files.map { ($0, false) } + Self.directories.map { ($0, true) }
    wanted.removeAll { name, isDirectory in
      // Either the repository's own directory is absent, or its hooks are.
      if name == ".git/hooks", !Self.exists("\(workspace.real)/.git") { return true }
      if Self.exists("\(workspace.real)/\(name)") { return true }
      let kind: EntryKind = isDirectory ? .directory : .file
      let probe = name == ".git" ? ".git/hooks/x" : isDirectory ? name + "/x" : name
      return policy.decideApply(relativePath: Array(probe.utf8), kind: kind) == .allow
    }
    entries = wanted.map {
      Placeholder(path: "\(workspace.real)/\($0.0)", inode: 0, isDirectory: $0.1)
    }
    try write()
    for entry in entries { try announce(entry.path, entry.isDirectory) }
    for (index, entry) in entries.enumerated() {
      let isMade =
        entry.isDirectory
        ? mkdir(entry.path, 0o755) == 0
        : Self.create(entry.path)
      var status = stat()
      guard isMade, lstat(entry.path, &status) == 0 else { continue }
      if geteuid() == 0 { lchown(entry.path, workspace.uid, workspace.gid) }
      entries[index].inode = UInt64(status.st_ino)
      if let grant = HostTree.find(entry.path, isSystem: false) { grants.append(grant) }
    }
    entries.removeAll { $0.inode == 0 }
    try write()
  }

  /// Removes what is left when the launcher could not, and the record.
  func remove() {
    Self.remove(entries)
    unlink(record.string)
    close(lock)
  }

  // MARK: - Records

  private func write() throws {
    let data = try JSONEncoder().encode(entries)
    let written = data.withUnsafeBytes { pwrite(lock, $0.baseAddress, $0.count, 0) }
    guard written == data.count, ftruncate(lock, off_t(data.count)) == 0 else {
      throw RunSession.Refusal.failed("cannot write \(record)")
    }
  }

  /// Clears up after runs that were killed together with their launcher.
  private static func removeLeftOver(in place: FilePath) {
    for name in HostTree.names(in: place.string) {
      let path = place.appending(name).string
      let descriptor = open(path, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      // A record that its supervisor still holds belongs to a living run.
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { continue }
      if let data = FileManager.default.contents(atPath: path),
        let entries = try? JSONDecoder().decode([Placeholder].self, from: data)
      {
        remove(entries)
      }
      unlink(path)
    }
  }

  /// Removes entries that are still the same and still empty.
  private static func remove(_ entries: [Placeholder]) {
    for entry in entries.reversed() {
      var status = stat()
      guard lstat(entry.path, &status) == 0 else { continue }
      // An inode of 0 was written down before the entry was made: then its emptiness must do.
      guard entry.inode == 0 || entry.inode == UInt64(status.st_ino) else { continue }
      if entry.isDirectory {
        rmdir(entry.path)
      } else if status.st_size == 0, status.st_mode & S_IFMT == S_IFREG {
        unlink(entry.path)
      }
    }
  }

  private static func create(_ path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
  }

  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
