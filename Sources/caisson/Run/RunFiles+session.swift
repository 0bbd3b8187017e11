import Foundation
import Glibc
import Journal
import Policy
import Sandbox
import SystemPackage

// The directory of a session: it outlives the session, and the next one of the same name goes on
// with what lies there.
extension RunFiles {
  /// The file that only a run of sessions has.
  static let lockName = "lock"

  /// Locks the run for this process, the launcher and PID 1 of the run; the descriptor is theirs to
  /// hold. The run's namespaces, and so its mounts, are gone when the lock is free again.
  ///
  /// - Parameter isGone: Whether whoever held the run last is certainly dead, so that the lock is
  ///   free as soon as the kernel has taken the rest down.
  func claim(isGone: () -> Bool) throws -> (lock: Int32, isNew: Bool) {
    while true {
      let isNew = try make()
      let place = open(directory.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      if place < 0, errno == ENOENT { continue }
      try wait(for: place, isGone)
      // Whoever sweeps may have removed it while it was waited for.
      var status = stat()
      guard fstat(place, &status) == 0, status.st_nlink > 0,
        access(directory.string, F_OK) == 0
      else {
        close(place)
        continue
      }
      let path = directory.appending(Self.lockName).string
      let lock = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
      try wait(for: lock, isGone)
      return (lock, isNew)
    }
  }

  private func wait(for descriptor: Int32, _ isGone: () -> Bool) throws {
    guard descriptor >= 0 else {
      throw RunSession.Refusal.failed(
        "cannot lock \(directory): \(String(cString: strerror(errno)))"
      )
    }
    var waited = 0
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      // Two seconds for one that ends just now; half a minute for the rest of one that was killed.
      let isTooLong = waited == 200 ? !isGone() : waited > 3000
      guard errno == EWOULDBLOCK || errno == EINTR, !isTooLong else {
        throw RunSession.Refusal.failed(
          "run \(run) is at work in another session; end that one first, or name another run"
        )
      }
      usleep(10_000)
      waited += 1
    }
  }

  /// The record of a run that is gone on with, brought into a state in which that is possible; nil
  /// where the run never began, so that nothing of it is worth keeping.
  func resume(_ grants: RunGrants, _ known: RunSummary?) throws -> WorkspaceRecord? {
    let path = directory.appending("workspace.json").string
    let found = FileManager.default.contents(atPath: path)
      .flatMap { try? JSONDecoder().decode(WorkspaceRecord.self, from: $0) }
    guard let record = found, record.run == run else {
      guard known == nil else {
        throw RunSession.Refusal.failed(
          "run \(run) cannot be continued: \(path) cannot be read; name another run"
        )
      }
      removeLayer()
      for name in ["workspace.json", "policy.yaml"] { unlink(directory.appending(name).string) }
      return nil
    }
    try check(record, grants, known)
    try waitForRest(wasKilled: known?.state == .running)
    clearMarks()
    try makeWorkspace(record, grants)
    return record
  }

  /// Refuses what would not be the same run.
  private func check(
    _ record: WorkspaceRecord,
    _ grants: RunGrants,
    _ known: RunSummary?
  ) throws {
    let workspace = grants.workspace?.real ?? "/"
    guard record.lower.string == workspace else {
      throw RunSession.Refusal.failed(
        "run \(run) works on \(record.lower), not on \(workspace); name that with --in, or another run"
      )
    }
    let isSame =
      record.mode == grants.mode || (record.mode == .copy && grants.mode == .overlay)
    guard isSame else {
      throw RunSession.Refusal.failed(
        "run \(run) sees its workspace as \(record.mode.rawValue), not as \(grants.mode.rawValue); "
          + "name another run"
      )
    }
    if known?.fate == .discarded {
      throw RunSession.Refusal.failed("the changes of run \(run) were discarded; name another run")
    }
    if let verb = try Recovery.pending(record) {
      throw RunSession.Refusal.failed(
        "an interrupted \(verb) of run \(run) is not finished: caisson \(verb) \(run) --recover"
      )
    }
  }

  /// Waits until no process of an earlier session has the layer mounted.
  ///
  /// The lock says so where the launcher was left to wait for them. Where it was killed, too, the
  /// groups of the run tell, and without them a moment has to do: the kernel is ending them already.
  private func waitForRest(wasKilled: Bool) throws {
    guard Cgroups.removeRest(of: run) else {
      throw RunSession.Refusal.failed(
        "processes of an earlier session of run \(run) do not end; look for them with ps"
      )
    }
    if wasKilled, Cgroups.places().parents.isEmpty { usleep(100_000) }
  }

  /// Takes away the mark of an overlay that was mounted as volatile: the kernel refuses the layer
  /// otherwise. What it warns of is a crash of the machine before the layer was on the disk.
  private func clearMarks() {
    let volatile = directory.appending("work/work/incompat/volatile")
    for name in ["work/work", "work/work/incompat", "work/work/incompat/volatile"] {
      _ = chmod(directory.appending(name).string, 0o700)
    }
    guard access(volatile.string, F_OK) == 0 else { return }
    HostTree.flush(directory.appending("upper").string)
    unlink(volatile.appending("dirty").string)
    rmdir(volatile.string)
    rmdir(directory.appending("work/work/incompat").string)
  }

  /// Brings the description up to the policy that holds now.
  func describeAgain(_ policy: CompiledPolicy) throws {
    let text = Data(policy.document.canonicalText.utf8)
    let path = directory.appending("policy.yaml").string
    guard FileManager.default.contents(atPath: path) != text else { return }
    unlink(path + ".new")
    try write(text, "policy.yaml.new")
    guard rename(path + ".new", path) == 0 else {
      throw RunSession.Refusal.failed("cannot write \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Brings the description to the disk, together with the names: the next session goes by it.
  func settle() {
    let place = open(directory.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard place >= 0 else { return }
    defer { close(place) }
    for name in ["workspace.json", "policy.yaml"] {
      let file = openat(place, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
      guard file >= 0 else { continue }
      fsync(file)
      close(file)
    }
    fsync(place)
    let above = open(directory.removingLastComponent().string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard above >= 0 else { return }
    fsync(above)
    close(above)
  }

  /// Keeps the run's changes from being applied for as long as this process lives.
  ///
  /// Else an apply that looked a moment ago would take from a layer that is written again.
  func holdApplies() throws {
    let apply = directory.appending("apply").string
    guard mkdir(apply, 0o700) == 0 || errno == EEXIST else {
      throw RunSession.Refusal.failed("cannot make \(apply): \(String(cString: strerror(errno)))")
    }
    let lock = open(apply + "/lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw RunSession.Refusal.failed(
        "the changes of run \(run) are being applied or undone; wait for the end of that"
      )
    }
  }
}
