internal import CLinux
internal import Glibc

/// Watches what the kernel does not limit for us: bytes and names in a layer on disk, and memory of
/// a run without a cgroup. Watching can be outrun; `caisson doctor` calls it "weaker".
struct UsageWatch {
  var layer: String?
  var diskBytes: UInt64?
  var memoryBytes: UInt64?
  /// A name costs at least an inode, so that a flood of empty files is bounded, too.
  var names: Int { diskBytes.map { max(10_000, Int(clamping: $0 / 4096)) } ?? .max }

  var isNeeded: Bool { (layer != nil && diskBytes != nil) || memoryBytes != nil }

  /// The first limit that is passed, or nil.
  func exceeded(initPID: Int32) -> RunOutcome.LimitHit? {
    if let layer, let diskBytes {
      let used = Self.usage(layer)
      if used.bytes > diskBytes {
        return RunOutcome.LimitHit(
          limit: "disk",
          value: "\(diskBytes)",
          detail: "the run wrote \(used.bytes) bytes into its workspace"
        )
      }
      if used.names > names {
        return RunOutcome.LimitHit(
          limit: "disk",
          value: "\(names) names",
          detail: "the run made \(used.names) files and directories in its workspace"
        )
      }
    }
    if let memoryBytes {
      let used = Self.memory(initPID)
      if used > memoryBytes {
        return RunOutcome.LimitHit(
          limit: "memory",
          value: "\(memoryBytes)",
          detail: "the run's processes held \(used) bytes together"
        )
      }
    }
    return nil
  }

  /// Bytes on disk and names below a directory.
  static func usage(_ path: String) -> (bytes: UInt64, names: Int) {
    var bytes: UInt64 = 0
    var names = 0
    var pending = [path]
    while let directory = pending.popLast() {
      guard let stream = opendir(directory) else { continue }
      defer { closedir(stream) }
      let at = dirfd(stream)
      while let entry = readdir(stream) {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
            if name[0] == 46 && (name[1] == 0 || (name[1] == 46 && name[2] == 0)) { return }
            names += 1
            var status = cl_status()
            guard cl_stat(at, name, Int32(CL_AT_SYMLINK_NOFOLLOW), &status) == 0 else { return }
            bytes += status.blocks * 512
            if status.mode & 0o170000 == 0o040000 {
              pending.append(directory + "/" + String(cString: name))
            }
          }
        }
      }
    }
    return (bytes, names)
  }

  /// Resident bytes of a process and all that descend from it. A run's orphans become children of
  /// its PID 1, so none escapes the walk.
  static func memory(_ root: Int32) -> UInt64 {
    var total: UInt64 = 0
    var pending = [String(root)]
    let page = UInt64(sysconf(Int32(_SC_PAGESIZE)))
    while let pid = pending.popLast() {
      let fields = (HostTree.text("/proc/\(pid)/statm") ?? "").split(separator: " ")
      if fields.count > 2, let resident = UInt64(fields[1]), let shared = UInt64(fields[2]) {
        total += (resident - min(shared, resident)) * page
      }
      for task in HostTree.names(in: "/proc/\(pid)/task") {
        let children = HostTree.text("/proc/\(pid)/task/\(task)/children") ?? ""
        pending += children.split(separator: " ").map(String.init)
      }
    }
    return total
  }
}
