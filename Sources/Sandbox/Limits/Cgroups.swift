internal import CLinux
internal import Glibc

/// The control groups of one run: memory, processes and CPU, where this machine lets us have them.
///
/// On version 1 each controller has a tree of its own; on version 2 there is one tree, of which a
/// part must have been delegated to the caller.
package struct Cgroups: Sendable {
  package enum Controller: String, Sendable, CaseIterable {
    case memory, pids, cpu
  }

  /// Directories made for the run, by controller.
  package private(set) var directories: [Controller: String] = [:]
  private var isVersion2 = false

  package init() {}

  package var paths: [String] { Array(Set(directories.values)).sorted() }
  package func has(_ controller: Controller) -> Bool { directories[controller] != nil }

  /// Makes groups for a run and sets the limits that can be set. What cannot be had is left out:
  /// the caller falls back to resource limits and watching.
  package static func make(
    for run: RunID,
    memoryBytes: UInt64?,
    processes: Int?,
    cpus: Double?,
    announce: (_ path: String) throws -> Void = { _ in }
  ) rethrows -> Cgroups {
    var groups = Cgroups()
    let wanted: [(Controller, Bool)] = [
      (.memory, memoryBytes != nil), (.pids, processes != nil), (.cpu, cpus != nil),
    ]
    let places = Self.places()
    groups.isVersion2 = places.isVersion2
    for (controller, isWanted) in wanted where isWanted {
      guard let parent = places.parents[controller] else { continue }
      let path = "\(parent)/caisson-\(run)"
      if !groups.directories.values.contains(path) { try announce(path) }
      let made = mkdir(path, 0o755) == 0 || groups.directories.values.contains(path)
      guard made else { continue }
      groups.directories[controller] = path
      let isSet =
        switch controller {
        case .memory: groups.limitMemory(path, memoryBytes ?? 0)
        case .pids: write("\(path)/pids.max", String((processes ?? 0) + 1))
        case .cpu: groups.limitCPU(path, cpus ?? 1)
        }
      if !isSet {
        groups.directories[controller] = nil
        if !groups.directories.values.contains(path) { rmdir(path) }
      }
    }
    return groups
  }

  package func remove() {
    for path in paths { rmdir(path) }
  }

  /// Processes that the kernel killed because the run's memory was used up.
  func memoryKills() -> Int {
    guard let path = directories[.memory] else { return 0 }
    return counter(path + (isVersion2 ? "/memory.events" : "/memory.oom_control"), "oom_kill")
  }

  /// Forks refused because the run had as many processes as it may.
  func processRefusals() -> Int {
    guard let path = directories[.pids] else { return 0 }
    return counter(path + "/pids.events", "max")
  }

  /// The most memory that the run held at once, in bytes.
  func peakMemory() -> UInt64? {
    guard let path = directories[.memory] else { return nil }
    let name = isVersion2 ? "memory.peak" : "memory.max_usage_in_bytes"
    return Self.read("\(path)/\(name)").flatMap { UInt64($0.prefix { $0.isNumber }) }
  }

  // MARK: - Where groups can be made

  /// The directories below which this process may make groups.
  package static func places() -> (parents: [Controller: String], isVersion2: Bool) {
    let mounts = read("/proc/self/mountinfo") ?? ""
    var version1: [Controller: String] = [:]
    var version2: String?
    for line in mounts.split(separator: "\n") {
      let halves = line.split(separator: " - ", maxSplits: 1)
      guard halves.count == 2 else { continue }
      let fields = halves[0].split(separator: " ")
      let kind = halves[1].split(separator: " ")
      guard fields.count > 4, kind.count > 2 else { continue }
      let point = String(fields[4])
      if kind[0] == "cgroup2" { version2 = version2 ?? point }
      guard kind[0] == "cgroup" else { continue }
      for option in kind[2].split(separator: ",") {
        if let controller = Controller(rawValue: String(option)) { version1[controller] = point }
      }
    }
    var own: [String: String] = [:]
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      for name in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
        own[String(name)] = fields[2] == "/" ? "" : String(fields[2])
      }
    }
    if !version1.isEmpty {
      var parents: [Controller: String] = [:]
      for (controller, point) in version1 {
        let path = point + (own[controller.rawValue] ?? "")
        if access(path, W_OK) == 0 { parents[controller] = path }
      }
      return (parents, false)
    }
    // Version 2: controllers are had where the parent hands them to its children.
    guard let version2, let path = own[""].map({ version2 + $0 }), access(path, W_OK) == 0 else {
      return ([:], true)
    }
    let handed = Set((read("\(path)/cgroup.subtree_control") ?? "").split { " \n".contains($0) })
    var parents: [Controller: String] = [:]
    for controller in Controller.allCases where handed.contains(Substring(controller.rawValue)) {
      parents[controller] = path
    }
    return (parents, true)
  }

  // MARK: - Files

  private func limitMemory(_ path: String, _ bytes: UInt64) -> Bool {
    if isVersion2 {
      _ = Self.write("\(path)/memory.swap.max", "0")
      return Self.write("\(path)/memory.max", String(bytes))
    }
    guard Self.write("\(path)/memory.limit_in_bytes", String(bytes)) else { return false }
    _ = Self.write("\(path)/memory.memsw.limit_in_bytes", String(bytes))
    return true
  }

  private func limitCPU(_ path: String, _ cpus: Double) -> Bool {
    let period = 100_000
    let quota = max(1000, Int(cpus * Double(period)))
    if isVersion2 { return Self.write("\(path)/cpu.max", "\(quota) \(period)") }
    return Self.write("\(path)/cpu.cfs_period_us", String(period))
      && Self.write("\(path)/cpu.cfs_quota_us", String(quota))
  }

  private func counter(_ path: String, _ name: String) -> Int {
    for line in (Self.read(path) ?? "").split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2, fields[0] == name { return Int(fields[1]) ?? 0 }
    }
    return 0
  }

  static func read(_ path: String) -> String? {
    let number = cl_open(Int32(CL_AT_FDCWD), path, 0, 0)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var text: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = cl_read(file.number, &bytes, bytes.count)
      guard count > 0 else { break }
      text += bytes[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func write(_ path: String, _ text: String) -> Bool {
    let number = cl_open(Int32(CL_AT_FDCWD), path, Int32(CL_O_WRONLY), 0)
    guard number >= 0 else { return false }
    let file = Descriptor(number)
    let bytes = Array(text.utf8)
    return cl_write(file.number, bytes, bytes.count) == bytes.count
  }
}
