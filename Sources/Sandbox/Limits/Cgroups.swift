internal import CLinux
internal import Glibc
package import Policy

/// The control groups of one run: memory, processes and CPU, where this machine lets us have them.
///
/// On version 1 each controller has a tree of its own; on version 2 there is one tree, of which a
/// part must have been delegated to the caller.
package struct Cgroups: Sendable {
  package enum Controller: String, Sendable, CaseIterable {
    case memory, pids, cpu
  }

  /// The run's directories, by controller.
  private var directories: [(controller: Controller, path: String)] = []
  private var isVersion2 = false
  private var limits = Limits()

  package init() {}

  package var paths: [String] {
    var paths: [String] = []
    for (_, path) in directories where !paths.contains(path) { paths.append(path) }
    return paths
  }
  package func has(_ controller: Controller) -> Bool { directory(controller) != nil }

  private func directory(_ controller: Controller) -> String? {
    directories.first { $0.controller == controller }?.path
  }

  /// The groups that a run will have, by what this machine offers; nothing is made yet. What cannot
  /// be had is left out, and the plan falls back to resource limits and watching.
  package static func plan(for run: RunID, limits: Limits) -> Cgroups {
    var groups = Cgroups()
    groups.limits = limits
    let places = Self.places()
    groups.isVersion2 = places.isVersion2
    for (controller, parent) in places.parents where limits.needs(controller) {
      groups.directories.append((controller, "\(parent)/caisson-\(run)"))
    }
    return groups
  }

  /// Whether PID 1 of the run moves itself. A process of one thread may do so on version 1 without a
  /// lock that waits for all processors to pass a quiet state, which takes 8 ms from outside.
  package var areJoinedFromWithin: Bool { !isVersion2 && !directories.isEmpty }

  /// Makes the groups and sets their limits, all or none.
  func create() throws(SandboxError) {
    for path in paths {
      let made = cl_mkdirat(Int32(CL_AT_FDCWD), path, 0o755)
      guard made == 0 else { throw .system(call: "make the cgroup \(path)", error: -made) }
    }
    for (controller, path) in directories {
      let result =
        switch controller {
        case .memory: limitMemory(path, limits.memoryBytes ?? 0)
        case .pids: Self.write("\(path)/pids.max", String((limits.processes ?? 0) + 1))
        case .cpu: limitCPU(path, limits.cpus ?? 1)
        }
      guard result == 0 else {
        throw .system(call: "set the limit of the cgroup \(path)", error: -result)
      }
    }
  }

  /// Moves a process into the groups.
  func join(_ pid: Int32) throws(SandboxError) {
    for path in paths {
      let result = Self.write("\(path)/cgroup.procs", String(pid))
      guard result == 0 else { throw .system(call: "join the cgroup \(path)", error: -result) }
    }
  }

  package func remove() {
    for path in paths { rmdir(path) }
  }

  /// Processes that the kernel killed because the run's memory was used up.
  func memoryKills() -> Int {
    guard let path = directory(.memory) else { return 0 }
    return counter(path + (isVersion2 ? "/memory.events" : "/memory.oom_control"), "oom_kill")
  }

  /// Forks refused because the run had as many processes as it may.
  func processRefusals() -> Int {
    guard let path = directory(.pids) else { return 0 }
    return counter(path + "/pids.events", "max")
  }

  /// The most memory that the run held at once, in bytes.
  func peakMemory() -> UInt64? {
    guard let path = directory(.memory) else { return nil }
    let name = isVersion2 ? "memory.peak" : "memory.max_usage_in_bytes"
    return HostTree.text("\(path)/\(name)").flatMap { UInt64($0.prefix { $0.isNumber }) }
  }

  // MARK: - Where groups can be made

  /// The directories below which this process may make groups.
  package static func places() -> (
    parents: [(controller: Controller, path: String)], isVersion2: Bool
  ) {
    let (version1, version2) = usualMounts() ?? allMounts()
    var own: [String: String] = [:]
    for line in (HostTree.text("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      for name in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
        own[String(name)] = fields[2] == "/" ? "" : String(fields[2])
      }
    }
    if !version1.isEmpty {
      var parents: [(controller: Controller, path: String)] = []
      for (controller, point) in version1 {
        let path = point + (own[controller.rawValue] ?? "")
        if access(path, W_OK) == 0 { parents.append((controller, path)) }
      }
      return (parents, false)
    }
    // Version 2: controllers are had where the parent hands them to its children.
    guard let version2, let path = own[""].map({ version2 + $0 }), access(path, W_OK) == 0 else {
      return ([], true)
    }
    let handed = Set(
      (HostTree.text("\(path)/cgroup.subtree_control") ?? "").split { " \n".contains($0) }
    )
    var parents: [(controller: Controller, path: String)] = []
    for controller in Controller.allCases where handed.contains(Substring(controller.rawValue)) {
      parents.append((controller, path))
    }
    return (parents, true)
  }

  /// The mounts of control groups in the text of mountinfo. Bytes until one is found: this is on the
  /// way of every start.
  private static func groupMounts(_ text: [UInt8]) -> [(
    kind: String, point: String, options: String
  )] {
    let mark = Array(" - cgroup".utf8)
    return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      // Behind the dash: type, source, options. A space in a field is written as \040.
      guard let dash = line.indices.first(where: { line[$0...].starts(with: mark) }) else {
        return nil
      }
      let before = String(decoding: line[..<dash], as: UTF8.self).split(separator: " ")
      let after = String(decoding: line[(dash + 3)...], as: UTF8.self).split(separator: " ")
      guard before.count > 4, after.count > 2, after[0] == "cgroup" || after[0] == "cgroup2" else {
        return nil
      }
      return (String(after[0]), String(before[4]), String(after[2]))
    }
  }

  /// Where nearly every machine mounts them: the kernel takes long to write the list of its mounts.
  private static func usualMounts() -> (
    version1: [(controller: Controller, path: String)], version2: String?
  )? {
    let root = "/sys/fs/cgroup"
    let version1 = Controller.allCases.map { ($0, "\(root)/\($0.rawValue)") }
      .filter { cl_file_system($0.1) == 0x27_E0EB }
    if !version1.isEmpty { return (version1, nil) }
    return cl_file_system(root) == 0x6367_7270 ? ([], root) : nil
  }

  private static func allMounts() -> (
    version1: [(controller: Controller, path: String)], version2: String?
  ) {
    var version1: [(controller: Controller, path: String)] = []
    var version2: String?
    for (kind, point, options) in groupMounts(HostTree.bytes("/proc/self/mountinfo") ?? []) {
      guard kind == "cgroup" else {
        version2 = version2 ?? point
        continue
      }
      for option in options.split(separator: ",") {
        if let controller = Controller(rawValue: String(option)),
          !version1.contains(where: { $0.controller == controller })
        {
          version1.append((controller, point))
        }
      }
    }
    return (version1, version2)
  }

  // MARK: - Files

  private func limitMemory(_ path: String, _ bytes: UInt64) -> Int32 {
    if isVersion2 {
      _ = Self.write("\(path)/memory.swap.max", "0")
      return Self.write("\(path)/memory.max", String(bytes))
    }
    let result = Self.write("\(path)/memory.limit_in_bytes", String(bytes))
    if result == 0 { _ = Self.write("\(path)/memory.memsw.limit_in_bytes", String(bytes)) }
    return result
  }

  private func limitCPU(_ path: String, _ cpus: Double) -> Int32 {
    let period = 100_000
    let quota = max(1000, Int(cpus * Double(period)))
    if isVersion2 { return Self.write("\(path)/cpu.max", "\(quota) \(period)") }
    let result = Self.write("\(path)/cpu.cfs_period_us", String(period))
    return result == 0 ? Self.write("\(path)/cpu.cfs_quota_us", String(quota)) : result
  }

  private func counter(_ path: String, _ name: String) -> Int {
    for line in (HostTree.text(path) ?? "").split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2, fields[0] == name { return Int(fields[1]) ?? 0 }
    }
    return 0
  }

  /// Writes a small file in one call; 0, or a negative errno.
  private static func write(_ path: String, _ text: String) -> Int32 {
    let number = cl_open(Int32(CL_AT_FDCWD), path, Int32(CL_O_WRONLY), 0)
    guard number >= 0 else { return number }
    let file = Descriptor(number)
    let bytes = Array(text.utf8)
    return Int32(clamping: min(cl_write(file.number, bytes, bytes.count), 0))
  }
}

extension Limits {
  fileprivate func needs(_ controller: Cgroups.Controller) -> Bool {
    switch controller {
    case .memory: memoryBytes != nil
    case .pids: processes != nil
    case .cpu: cpus != nil
    }
  }
}
