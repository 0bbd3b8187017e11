import Foundation
import Glibc
import Policy
import Sandbox
import SystemPackage

/// Finds out what this machine can enforce, by trying it with the real launcher.
struct Doctor {
  let home: Home
  let host = HostFacts.probe()

  init(home: Home) { self.home = home }

  func examine() -> [Finding] {
    [architecture()] + walls() + [landlock(), systemCalls(), network()] + limits() + [state()]
      + [sockets()] + owners()
  }

  // MARK: - Walls

  private func architecture() -> Finding {
    #if arch(x86_64)
      Finding(
        subject: "processor",
        state: .ok,
        meaning: "x86-64: system calls are filtered by name"
      )
    #else
      Finding(
        subject: "processor",
        state: .missing,
        meaning: "the system-call filter is written for x86-64 alone",
        remedy: "run on an x86-64 machine"
      )
    #endif
  }

  private func walls() -> [Finding] {
    var findings: [Finding] = []
    let sealed = attempt(workspace: nil)
    switch sealed {
    case .exited(0):
      findings.append(
        Finding(
          subject: "namespaces",
          state: .ok,
          meaning: "user, mount, PID, network, IPC, UTS, cgroup and time; nested ones refused"
        )
      )
    case let other:
      return [
        Finding(
          subject: "namespaces",
          state: .missing,
          meaning: "a sealed process cannot be started: \(Self.reason(other))",
          remedy: Self.namespaceRemedy()
        )
      ]
    }
    let name = "doctor-\(getpid())"
    let directory = home.state.appending(name).string
    defer { try? FileManager.default.removeItem(atPath: directory) }
    for part in ["", "/workspace", "/upper", "/work"] { _ = mkdir(directory + part, 0o700) }
    switch attempt(workspace: directory) {
    case .exited(0):
      findings.append(
        Finding(
          subject: "overlay workspace",
          state: .ok,
          meaning: host.isPrivileged
            ? "copy on write over id-mapped layers; the run never has uid 0"
            : "copy on write without privileges"
        )
      )
    case let other:
      findings.append(
        Finding(
          subject: "overlay workspace",
          state: .missing,
          meaning: "changes cannot be held back here: \(Self.reason(other))",
          remedy: "set CAISSON_HOME to a directory on ext4, xfs, btrfs or tmpfs"
        )
      )
    }
    return findings
  }

  private func landlock() -> Finding {
    switch host.landlockABI {
    case 6...:
      Finding(
        subject: "Landlock",
        state: .ok,
        meaning: "ABI \(host.landlockABI): every file right, abstract sockets and signals"
      )
    case 1...:
      Finding(
        subject: "Landlock",
        state: .weaker,
        meaning: "ABI \(host.landlockABI): the second wall behind the mounts lacks newer rights",
        remedy: "Linux 6.12 or later has them all"
      )
    default:
      Finding(
        subject: "Landlock",
        state: .weaker,
        meaning: "not in this kernel: mounts hold alone",
        remedy: "boot with lsm=landlock,… on Linux 5.13 or later"
      )
    }
  }

  private func systemCalls() -> Finding {
    let actions = try? String(
      contentsOfFile: "/proc/sys/kernel/seccomp/actions_avail",
      encoding: .utf8
    )
    guard actions?.contains("user_notif") == true else {
      return Finding(
        subject: "system calls",
        state: .missing,
        meaning: "seccomp cannot report what it refuses",
        remedy: "Linux 5.0 or later with CONFIG_SECCOMP_FILTER"
      )
    }
    return Finding(
      subject: "system calls",
      state: .ok,
      meaning:
        "\(SystemCalls.deniedCount) refused and reported; numbers newer than this program do not exist inside"
    )
  }

  // MARK: - Limits

  private func limits() -> [Finding] {
    let places = Cgroups.places()
    let kind = places.isVersion2 ? "cgroup v2" : "cgroup v1"
    func finding(_ controller: Cgroups.Controller, _ name: String, _ fallback: String) -> Finding {
      if places.parents.contains(where: { $0.controller == controller }) {
        return Finding(subject: name, state: .ok, meaning: "\(kind): exact")
      }
      return Finding(
        subject: name,
        state: .weaker,
        meaning: fallback,
        remedy: places.isVersion2
          ? "run under a systemd user session that delegates the \(controller.rawValue) controller"
          : "run as root, or on a machine with cgroup v2"
      )
    }
    var list = [
      finding(
        .memory,
        "memory limit",
        "each process by RLIMIT_DATA; the sum is watched four times a second and can be outrun"
      ),
      finding(.cpu, "CPU limit", "not enforced without a cgroup; wall time is"),
    ]
    let processes = finding(.pids, "process limit", "")
    list.append(
      processes.state == .ok
        ? processes
        : Finding(
          subject: "process limit",
          state: .ok,
          meaning: "RLIMIT_NPROC, counted in the run's own user namespace: exact"
        )
    )
    list.append(
      Finding(
        subject: "disk limit",
        state: .weaker,
        meaning: "exact in /tmp and $HOME; a workspace is watched and can be outrun for a moment"
      )
    )
    return list
  }

  // MARK: - Surroundings

  private func state() -> Finding {
    let path = home.state.string
    let kind = HostTree.fileSystemKind(path)
    if kind == .overlay {
      return Finding(
        subject: "state directory",
        state: .missing,
        meaning: "\(path) lies on an overlay, which cannot carry another one",
        remedy: "in a container: mount a volume or tmpfs and set CAISSON_HOME to it"
      )
    }
    return Finding(subject: "state directory", state: .ok, meaning: "\(path), for you alone")
  }

  /// Only the owner of a workspace is mapped into a run that uid 0 starts.
  private func owners() -> [Finding] {
    let directory = FileManager.default.currentDirectoryPath
    guard host.isPrivileged, directory != "/" else { return [] }
    let most = 100_000
    let found = HostTree.foreignEntries(below: directory, most: most)
    let part = found.isComplete ? "" : " among the first \(most) that were looked at"
    guard found.count > 0, let example = found.example else {
      let meaning = "all files belong to the owner of the directory"
      return [Finding(subject: "this directory", state: .ok, meaning: meaning + part)]
    }
    return [
      Finding(
        subject: "this directory",
        state: .weaker,
        meaning: "\(found.count) file(s)\(part) belong to another user or group than the "
          + "directory: a run reads them as nobody's and cannot change them, such as "
          + PrintableText.quotedName(example.utf8),
        remedy: "give all to one owner (chown -R), or start the run as that user"
      )
    ]
  }

  /// Sockets pass through read-only binds: what listens in a tree that every run sees is named.
  private func sockets() -> Finding {
    let trees = ["/usr", "/opt", "/etc", "/lib"]
    let listening = HostTree.text("/proc/net/unix") ?? ""
    let reachable = Set(
      listening.split(separator: "\n").compactMap { line -> String? in
        guard let path = line.split(separator: " ").last, path.hasPrefix("/") else { return nil }
        return trees.contains { path.hasPrefix($0 + "/") } ? String(path) : nil
      }
    ).sorted()
    if reachable.isEmpty {
      return Finding(
        subject: "Unix sockets",
        state: .ok,
        meaning: "none listens below the system directories that a run reads"
      )
    }
    return Finding(
      subject: "Unix sockets",
      state: .weaker,
      meaning: "a run can connect to: \(reachable.joined(separator: ", "))",
      remedy: "deny them in the policy: filesystem.deny: [\(reachable.joined(separator: ", "))]"
    )
  }

  // MARK: - Trying

  /// Starts a sealed process; with a network, where one is to be tried.
  ///
  /// - Parameter tapped: called with what came of tapping that network.
  func attempt(
    workspace directory: String?,
    network: NetworkGrant? = nil,
    tapped: @escaping (Int32) -> Void = { _ in }
  ) -> RunOutcome.End {
    let system = ["/usr", "/bin", "/lib", "/lib64"].compactMap { HostTree.find($0, isSystem: true) }
    let found = directory.flatMap { HostTree.find($0 + "/workspace", isSystem: false) }
    if let directory, let found, host.isPrivileged {
      _ = chown(directory, found.uid, found.gid)
    }
    var request = ConfinementRequest(
      workspace: found.map { .init(path: $0, mode: .overlay, layer: directory) },
      reads: system,
      writes: found.map { [$0] } ?? [],
      denied: [],
      limits: Limits(),
      host: host,
      home: "/home/caisson",
      command: directory == nil ? ["/usr/bin/true"] : ["/usr/bin/touch", "file"],
      environment: [:],
      directory: found?.real ?? "/",
      identity: Confinement.identity(host, number: UInt32.random(in: 0...UInt32.max))
    )
    request.network = network
    var hooks = RunSupervisor.Hooks(
      beforeStart: {},
      denied: { _ in },
      judge: { _, _, _ in nil }
    )
    hooks.tapped = tapped
    do {
      var output = try OutputRelay()
      let launcher = try Launcher(
        path: RunSession.ownPath("caisson-launch"),
        identity: request.identity,
        terminals: [],
        output: &output
      )
      let supervisor = try RunSupervisor(
        plan: Confinement.plan(request),
        limits: Limits(),
        groups: Cgroups(),
        layer: nil,
        hooks: hooks,
        output: output,
        launcher: launcher
      )
      return try supervisor.run().end
    } catch {
      return .failed(error as? SandboxError ?? .lost)
    }
  }

  static func reason(_ end: RunOutcome.End) -> String {
    switch end {
    case .exited(let code): "it ended with status \(code)"
    case .signalled(let signal): "it was ended by signal \(signal)"
    case .failed(let error): "\(error)"
    }
  }

  /// The switches that distributions are known to close user namespaces with.
  private static func namespaceRemedy() -> String {
    func value(_ path: String) -> String? {
      (try? String(contentsOfFile: path, encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    if value("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
      return "sysctl kernel.unprivileged_userns_clone=1"
    }
    if value("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
      return "sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    }
    if value("/proc/sys/user/max_user_namespaces") == "0" {
      return "sysctl user.max_user_namespaces=15000"
    }
    return "in a container, allow user namespaces, mounts and a fresh /proc (for example "
      + "--security-opt seccomp=unconfined --security-opt systempaths=unconfined)"
  }
}
