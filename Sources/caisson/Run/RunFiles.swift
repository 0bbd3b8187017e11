import Foundation
import Glibc
import Journal
import Policy
import Sandbox
import SystemPackage

/// The directory of one run in the state directory.
struct RunFiles {
  let run: RunID
  let directory: FilePath
  /// The run, and its commit, that a new branch begins at, as `RUN:COMMIT`.
  let beginning: String?

  private let home: Home
  private let runs: FilePath

  init(home: Home, run: RunID, beginning: String? = nil) {
    self.run = run
    self.home = home
    self.beginning = beginning
    runs = home.runs
    directory = runs.appending(run.text)
  }

  /// Makes the directory with the run's layer.
  func create(_ grants: RunGrants) throws -> WorkspaceRecord {
    guard try make() else {
      throw RunSession.Refusal.failed("cannot make \(directory): it is there already")
    }
    lock()
    return try fill(grants)
  }

  /// Makes the directory; false where it is there already.
  func make() throws -> Bool {
    // ext4 passes by every inode of a group that was removed within minutes before it gives one out:
    // runs that follow on each other would be slower and slower, were they all put into one group.
    if try Home.prepare(runs) { HostTree.spread(runs.string) }
    if mkdir(directory.string, 0o700) == 0 { return true }
    if errno == EEXIST { return false }
    throw RunSession.Refusal.failed("cannot make \(directory): \(String(cString: strerror(errno)))")
  }

  /// Makes what the run works on in its directory, and says where everything lies.
  func fill(_ grants: RunGrants) throws -> WorkspaceRecord {
    // An overlay cannot carry another one, as in most containers: then the run gets a copy.
    let isRefused = HostTree.fileSystemKind(directory.string) == .overlay
    let record = WorkspaceRecord(
      run: run,
      lower: FilePath(grants.workspace?.real ?? "/"),
      layer: directory,
      mode: grants.mode == .overlay && isRefused ? .copy : grants.mode,
      start: .coarseNow()
    )
    if isRefused, grants.mode == .branch, geteuid() == 0 {
      throw RunSession.Refusal.failed(
        "the state directory lies on an overlay, whose files root cannot give to a run; name a "
          + "CAISSON_HOME on a disk or tmpfs"
      )
    }
    try makeWorkspace(record, grants)
    return record
  }

  /// Makes what the run works on, as far as it is not there.
  func makeWorkspace(_ record: WorkspaceRecord, _ grants: RunGrants) throws {
    guard let workspace = grants.workspace else { return }
    switch record.mode {
    case .overlay: try makeLayer(workspace)
    case .copy:
      if access(directory.appending("copy").string, F_OK) == 0 { return }
      complain(
        "the state directory lies on an overlay, so the run works on a private copy of "
          + "\(workspace.real); a CAISSON_HOME on a disk or tmpfs saves the copying"
      )
      do {
        try PrivateCopy.make(
          of: record.lower,
          in: directory,
          limit: grants.policy.limits.diskBytes
        )
      } catch {
        removeAfterFailure()
        throw error
      }
    case .branch:
      // Gone on with as it is: its branch is the record of what was done.
      if access(directory.appending("branch.json").string, F_OK) == 0 {
        // What is worked on now would be lost when the tree is moved on.
        if try BranchTaking.read(in: directory.string) != nil {
          throw RunSession.Refusal.failed(
            "a merge into run \(run) did not come to its end, and nothing may work in it before: "
              + "see caisson diff \(run)"
          )
        }
        return
      }
      do {
        try makeBranch(grants)
      } catch {
        removeAfterFailure()
        throw error
      }
    case .direct, .none: break
    }
  }

  /// Marks the directory as that of a living process, to this process's end: until the run's first
  /// row is written, nothing else says so. Where it cannot be locked, it cannot be swept either.
  private func lock() {
    let descriptor = open(directory.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor >= 0 { _ = flock(descriptor, LOCK_EX | LOCK_NB) }
  }

  /// Removes the directory of a run that never began. False where that is not certain: its
  /// supervisor may live, or it may hold work whose record was lost.
  func removeUnlessInUse(olderThan seconds: Int, isUnknown: () -> Bool) -> Bool {
    let descriptor = open(directory.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mtim.tv_sec + seconds < time(nil),
      flock(descriptor, LOCK_EX | LOCK_NB) == 0, isUnknown(), !mayHoldWork
    else { return false }
    removeAfterFailure()
    return access(directory.string, F_OK) != 0
  }

  /// Whether something lies here that a command may have made. A run's directory is described before
  /// the command starts; until then a private copy is what the workspace is.
  private var mayHoldWork: Bool {
    func holds(_ name: String) -> Bool {
      access(directory.appending(name).string, F_OK) == 0
    }
    func isEmpty(_ name: String) -> Bool {
      let path = directory.appending(name).string
      return rmdir(path) == 0 || errno == ENOENT
    }
    return holds("apply") || (holds("workspace.json") && (holds("copy") || holds("tree")))
      || !isEmpty("upper")
  }

  /// Makes the run's private repository and work tree.
  private func makeBranch(_ grants: RunGrants) throws {
    guard let repository = grants.repository, let workspace = grants.workspace else { return }
    var options = BranchWorkspace.Options(run: run)
    options.denied = grants.denied.map(\.real)
    options.startDirectory = grants.startDirectory
    if geteuid() == 0 { options.owner = (workspace.uid, workspace.gid) }
    do {
      if let beginning {
        let parts = beginning.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let giver = RunID(String(parts[0])) else {
          throw RunSession.Refusal(status: 64, message: "--branch-at is RUN:COMMIT")
        }
        let place = runs.appending(giver.text).string
        options.beginning = try BranchBeginning.read(parts[1], in: place)
      }
      _ = try BranchWorkspace.make(of: repository, in: directory.string, options)
    } catch GitError.unfit(let reason) {
      throw RunSession.Refusal.policy(reason)
    }
  }

  /// What of the user's work tree is in the run's branch, and what is not, one sentence each.
  func branchNotes(_ record: WorkspaceRecord) -> [String] {
    guard record.mode == .branch,
      let branch = try? BranchWorkspace.open(in: directory.string).record
    else { return [] }
    var notes: [String] = []
    if branch.carried > 0 {
      notes.append(
        "\(branch.carried.counted("uncommitted path")) of yours went into the run, as a commit that "
          + "its own work begins after"
      )
    }
    for left in branch.left.prefix(5) {
      notes.append("not in the run: \(left.path): \(left.reason)")
    }
    if branch.leftCount > 5 { notes.append("and \(branch.leftCount - 5) more are not in the run") }
    if !branch.submodules.isEmpty {
      notes.append("\(branch.submodules.count.counted("submodule")): empty in the run")
    }
    if branch.filtered > 0 {
      notes.append(
        "\(branch.filtered.counted("file")) with a filter (as of LFS): in the run as git stores them"
      )
    }
    return notes
  }

  /// Shows the run the objects that its repository borrows. What the policy denies of the workspace
  /// is denied of the run's work tree, as far as it is there.
  func place(in request: inout ConfinementRequest) throws {
    let workspace = try BranchWorkspace.open(in: directory.string)
    request.placed = try workspace.grants()
    let root = workspace.record.root
    request.denied = request.denied.compactMap { grant in
      guard PathText.liesBelow(grant.real, root) else { return grant }
      let place =
        workspace.tree + String(decoding: grant.real.utf8.dropFirst(root.utf8.count), as: UTF8.self)
      var status = stat()
      guard lstat(place, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { return nil }
      var found = grant
      found.isDirectory = status.st_mode & S_IFMT == S_IFDIR
      return found
    }
  }

  /// Writes down what the run's changes are measured and judged by. Nothing runs before that.
  func describe(_ record: WorkspaceRecord, _ policy: CompiledPolicy) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try write(encoder.encode(record), "workspace.json")
    try write(Data(policy.document.canonicalText.utf8), "policy.yaml")
  }

  /// The upper layer stands for the workspace's own directory: same owner, same mode.
  private func makeLayer(_ workspace: GrantedPath) throws {
    var status = stat()
    guard stat(workspace.real, &status) == 0 else {
      throw RunSession.Refusal.failed("cannot look at the workspace \(workspace.real)")
    }
    for name in ["upper", "work"] {
      let path = directory.appending(name).string
      let made = mkdir(path, 0o700)
      if made != 0, errno == EEXIST { continue }
      guard made == 0,
        name == "work" || chmod(path, status.st_mode & 0o777) == 0
      else { throw RunSession.Refusal.failed("cannot make \(path)") }
      if geteuid() == 0 { _ = chown(path, status.st_uid, status.st_gid) }
    }
    // The layer is handed to the run as a whole, so its directory has the same owner. Nobody but
    // this user gets this far: the directory above is closed.
    if geteuid() == 0 { _ = chown(directory.string, status.st_uid, status.st_gid) }
  }

  func write(_ data: Data, _ name: String) throws {
    let path = directory.appending(name).string
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw RunSession.Refusal.failed("cannot write \(path): \(String(cString: strerror(errno)))")
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try handle.write(contentsOf: data)
      try handle.close()
    } catch {
      throw RunSession.Refusal.failed(
        "cannot write \(path), so nothing is run: is the disk full? Make room, or name a state "
          + "directory on another disk in CAISSON_HOME"
      )
    }
  }

  /// What the run left in its workspace; nil where nothing was held back.
  func changes(_ record: WorkspaceRecord) -> ChangeCounts? {
    if record.mode == .branch { return branchChanges() }
    guard [.overlay, .copy].contains(record.mode) else { return nil }
    // The launcher has removed a layer in which nothing was left.
    if access(record.changes.string, F_OK) != 0 {
      return ChangeCounts(added: 0, modified: 0, deleted: 0)
    }
    guard let totals = try? ChangeSet.scan(record).totals else {
      // It may do so at this very moment.
      let isGone = access(record.changes.string, F_OK) != 0
      return isGone ? ChangeCounts(added: 0, modified: 0, deleted: 0) : nil
    }
    return ChangeCounts(added: totals.added, modified: totals.modified, deleted: totals.deleted)
  }

  /// What the run left on its branch; nil where that cannot be told, or where there is more than
  /// changes of files, so that the tree must stay.
  private func branchChanges() -> ChangeCounts? {
    guard let workspace = try? BranchWorkspace.open(in: directory.string),
      let intake = try? SealedGit(home: home, workspace: workspace).harvest(.look),
      let totals = try? intake.totals()
    else { return nil }
    let counts = ChangeCounts(
      added: totals.added,
      modified: totals.modified,
      deleted: totals.deleted
    )
    let harvest = intake.harvest
    let isIdle = harvest.final == workspace.record.base && !harvest.leavesWork
    return counts.total == 0 && !isIdle ? nil : counts
  }

  /// Brings what the run wrote to the disk: an overlay is mounted without that promise.
  func flush(_ record: WorkspaceRecord) { HostTree.flush(record.changes.string) }

  /// Removes the layer of a run that changed nothing.
  func removeLayer() {
    // The kernel leaves `work/work` behind with mode 000, and its mark of a volatile mount in it.
    for name in ["work/work", "work/work/incompat", "work/work/incompat/volatile"] {
      _ = chmod(directory.appending(name).string, 0o700)
    }
    for name in ["upper", "work", "copy", "snapshot", "tree", "base"] {
      try? FileManager.default.removeItem(atPath: directory.appending(name).string)
    }
  }

  func removeAfterFailure() {
    removeLayer()
    for name in ["workspace.json", "policy.yaml", "branch.json", Self.lockName] {
      unlink(directory.appending(name).string)
    }
    rmdir(directory.string)
  }
}
