internal import Policy

// Landlock rules and resource limits: the walls behind the mounts.
extension Confinement {
  static func landlockRules(_ request: ConfinementRequest) -> [LaunchPlan.LandlockRule] {
    var rules: [String: LandlockAccess] = [:]
    func grant(_ path: String, _ access: LandlockAccess) {
      rules[path, default: []].formUnion(access)
    }
    // Names of directories may be listed; what they hold needs a rule of its own.
    grant("/", .readDirectory)
    grant("/etc", .read)
    grant("/proc", [.readFile, .readDirectory, .writeFile, .execute])
    grant("/dev", [.readFile, .readDirectory, .writeFile, .truncate, .ioctlDevice])
    grant("/dev/shm", [.read, .write])
    if request.hasTemporaryDirectory { grant("/tmp", [.read, .write]) }
    grant(request.home, [.read, .write])
    for path in request.reads where !PathText.covers("/etc", path.real) {
      grant(path.real, path.isDirectory ? .read : .read.intersection(.file))
    }
    if let workspace = request.workspace, workspace.mode != .none {
      grant(workspace.path.real, .read)
    }
    for directory in request.placed {
      grant(directory.place, directory.isWritable ? [.read, .write] : [.readFile, .readDirectory])
    }
    for path in request.writes {
      let all: LandlockAccess = [.read, .write]
      grant(path.real, path.isDirectory ? all : all.intersection(.file))
    }
    if !request.layers.contains(.mounts) {
      // Without a root of its own the run sees the host's: what is private elsewhere is not there.
      rules = rules.filter { path, _ in
        path == "/" || path == "/etc" || path == "/proc" || path == "/dev"
          || (request.reads + request.writes).contains { $0.real == path }
          || request.workspace?.path.real == path
      }
    }
    return rules.sorted { $0.key < $1.key }
      .map { LaunchPlan.LandlockRule(path: $0.key, access: $0.value) }
  }

  static func resourceLimits(_ request: ConfinementRequest) -> [LaunchPlan.ResourceLimit] {
    func limit(_ resource: UInt8, _ value: UInt64) -> LaunchPlan.ResourceLimit {
      LaunchPlan.ResourceLimit(resource: resource, soft: value, hard: value)
    }
    var limits = [
      // RLIMIT_CORE: no memory image anywhere. With 0 the kernel would still start a core handler of
      // the host's, as root; 1 is the value that keeps it from doing so.
      limit(4, 1),
      limit(7, 1 << 16),  // RLIMIT_NOFILE: the host's table of files is not the run's to fill
    ]
    if let disk = request.limits.diskBytes { limits.append(limit(1, disk)) }  // RLIMIT_FSIZE
    if let processes = request.limits.processes, !request.hasProcessLimitElsewhere {
      // RLIMIT_NPROC counts within the run's own user namespace; the run's PID 1 is one of them.
      limits.append(limit(6, UInt64(processes) + 1))
    }
    if let memory = request.limits.memoryBytes, request.cgroups.isEmpty {
      limits.append(limit(2, memory))  // RLIMIT_DATA, per process; a watchdog sums up
    }
    return limits
  }
}

/// File calls that a run under `--trace-denials` reports before they go on. Observation only: the
/// arguments are pointers that the caller can still change, so nothing is decided by them.
package enum FileCalls {
  package static let observed: Set<Int> = [
    2, 257, 85, 76, 82, 264, 316, 86, 265, 87, 263, 84, 88, 266, 83, 258, 133, 259, 90, 268, 452,
    92, 94, 260, 132, 235, 261, 280, 188, 189, 59, 322,
  ]

  /// Whether the filter's own rule for the call passes these arguments. Registers, not memory: they
  /// cannot change while the caller waits.
  package static func isHarmless(_ number: Int, _ arguments: [UInt64]) -> Bool {
    func mode(_ index: Int) -> Bool { arguments[index] & 0o6000 == 0 }
    func node(_ index: Int) -> Bool {
      let kind = arguments[index] & 0o170000
      return mode(index) && kind != 0o020000 && kind != 0o060000
    }
    switch SystemCalls.rule(number) {
    case .allow: return true
    case .deny, .absent: return false
    case .check(let rule):
      switch rule {
      case .mode1: return mode(1)
      case .mode2: return mode(2)
      case .nodeMode1: return node(1)
      case .nodeMode2: return node(2)
      case .openMode2: return arguments[1] & 0o20000100 == 0 || mode(2)
      case .openMode3: return arguments[2] & 0o20000100 == 0 || mode(3)
      case .execByDescriptor: return arguments[4] & 0x1000 == 0
      case .cloneFlags, .unshareFlags, .socketFamily, .terminalControl, .personality, .socketPair,
        .filterListener, .coreLimit0, .coreLimit1:
        return false
      }
    }
  }
}
