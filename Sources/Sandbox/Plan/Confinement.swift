internal import Policy

/// Plans a sealed run: what its root looks like, who it is, and what the kernel refuses it.
///
/// A pure function from a `ConfinementRequest` to a `LaunchPlan`.
package enum Confinement {
  private static let plain: MountAttributes = [.noSetuid, .noDevices]
  private static let readOnly: MountAttributes = [.noSetuid, .noDevices, .readOnly]

  /// The identity inside of a run that uid 0 started: never 0.
  private static let insideID: UInt32 = 1000
  /// Outside such a run has a uid that no account of the host has.
  private static let outsideBase: UInt32 = 0x6000_0000

  /// Who a run is: known before anything else of it is. The low bits of `number` are those of the
  /// identity that a run of uid 0 gets outside.
  package static func identity(
    _ host: HostFacts,
    number: UInt32,
    layers: Set<Wall> = Set(Wall.allCases)
  ) -> RunIdentity {
    let privileged = host.isPrivileged
    let outside = outsideBase | (number & 0xF_FFFF)
    return RunIdentity(
      isPrivileged: privileged,
      uid: privileged ? outside : host.uid,
      gid: privileged ? outside : host.gid,
      insideUID: privileged ? insideID : host.uid,
      insideGID: privileged ? insideID : host.gid,
      namespaces: namespaces(layers)
    )
  }

  package static func plan(_ request: ConfinementRequest) -> LaunchPlan {
    let host = request.host
    let privileged = host.isPrivileged
    var plan = LaunchPlan(identity: request.identity, arguments: request.command)
    plan.stage = host.stage
    if request.layers.contains(.mounts) {
      plan.steps = steps(request, privileged: privileged, user: plan.identity.insideUID)
    }
    if request.layers.contains(.namespaces) { plan.settings = settings }
    plan.dropsCapabilities = true
    if request.layers.contains(.landlock), host.landlockABI > 0 {
      plan.landlock = LaunchPlan.Landlock(abi: host.landlockABI, rules: landlockRules(request))
    }
    if request.layers.contains(.seccomp) {
      plan.filter = SeccompFilter.program(
        notifies: true,
        unixSockets: !request.sharesHostTree,
        observed: request.observesFiles ? FileCalls.observed : []
      )
    }
    plan.resourceLimits = resourceLimits(request)
    plan.terminals = request.terminals
    if let network = request.network?.plan {
      plan.sockets = network.sockets.map {
        .init(isDatagram: $0.kind == .nameDatagram, address: $0.address, port: $0.port)
      }
      plan.tap = TapFilter.program(for: network)
      plan.tracesPrograms = request.tracesPrograms
    }
    plan.environment = request.environment.sorted { $0.key < $1.key }.map {
      "\($0.key)=\($0.value)"
    }
    plan.searchPath = (request.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    plan.directory = request.directory
    plan.cgroups = request.cgroups
    plan.joinsCgroups = request.joinsCgroups
    plan.placeholders = request.placeholders
    plan.isDurable = request.isContinued
    if request.removesEmptyLayer { plan.emptyLayer = request.workspace?.layer }
    return plan
  }

  private static func namespaces(_ layers: Set<Wall>) -> Namespaces {
    var all = Namespaces.all
    if !layers.contains(.mounts) { all.remove(.mount) }
    if !layers.contains(.namespaces) {
      all.subtract([.network, .ipc, .hostname, .cgroup])
    }
    return all
  }

  /// No user namespace below this one, and no program that runs from an anonymous file.
  private static let settings = [
    LaunchPlan.Setting(path: "/proc/sys/user/max_user_namespaces", value: "0", required: true),
    LaunchPlan.Setting(path: "/proc/sys/vm/memfd_noexec", value: "2", required: false),
  ]

  // MARK: - The new root

  private static func steps(
    _ request: ConfinementRequest,
    privileged: Bool,
    user: UInt32
  ) -> [LaunchPlan.Step] {
    var placed: [(path: String, step: LaunchPlan.Step)] = []
    let disk = request.limits.diskBytes ?? 1 << 30
    // A private directory lives in memory: all together stay below what the run may use.
    let memory = min(request.limits.memoryBytes ?? .max, max(request.host.memoryBytes, 1 << 28))
    func temporary(_ path: String, mode: String) {
      placed.append(
        (
          path,
          .tmpfs(
            target: relative(path),
            mode: mode,
            bytes: min(disk, memory / 4),
            inodes: 1 << 20,
            plain
          )
        )
      )
    }
    placed.append(("/proc", .proc(target: "proc")))
    // Keyrings have no namespace: these list the caller's, by owner and not by who possesses them.
    placed += request.host.keyFiles.map { nothing(at: $0) }
    placed += devices(shared: memory / 8)
    placed += accounts(request, user: user)
    placed += files(request.network)
    if let (program, place) = request.service {
      let source = source(program, privileged: privileged, attributes: readOnly)
      placed.append((place, .bind(source, target: relative(place), isDirectory: false)))
    }
    // What a person named comes before what a run gets anyway: a workspace may be /tmp itself.
    let workspace = request.workspace
    if let workspace { placed += self.workspace(workspace, request, privileged: privileged) }
    if request.hasTemporaryDirectory {
      temporary("/tmp", mode: "1777")
      let second = "/var/tmp"
      let named =
        (request.reads + request.writes).map(\.real)
        + [workspace?.path.real, request.home]
        .compactMap { $0 }
      // What lies below it needs a directory there: no mount is made through a link.
      if named.contains(where: { PathText.liesBelow($0, second) }) {
        temporary(second, mode: "1777")
      } else {
        placed.append((second, .symlink(text: "/tmp", target: relative(second))))
      }
    }
    let homeIsInWorkspace = workspace.map { PathText.covers($0.path.real, request.home) } ?? false
    if !homeIsInWorkspace, !covered(request.home, by: request.writes) {
      temporary(request.home, mode: "0700")
    }

    // A top-level link of the host is reproduced; what it leads to is granted or not like any other.
    for (path, text) in request.host.rootLinks {
      placed.append((path, .symlink(text: text, target: relative(path))))
    }
    for grant in independent(
      request.reads,
      of: request.writes + (workspace.map { [$0.path] } ?? [])
    ) {
      let source = source(grant, privileged: privileged, attributes: readOnly)
      let target = relative(grant.real)
      if let content = grant.content {
        placed.append((grant.real, .file(target: target, mode: 0o444, content: content)))
        continue
      }
      // What a person grants may hold sockets of the host's programs; the system's trees do not.
      let step: LaunchPlan.Step =
        grant.isSystem || !grant.isDirectory
        ? .bind(source, target: target, isDirectory: grant.isDirectory)
        : .view(source, target: target)
      placed.append((grant.real, step))
    }
    placed += links(request)
    for directory in request.placed {
      let attributes = directory.isWritable ? plain : readOnly.union(.noExec)
      let source = source(directory.path, privileged: privileged, attributes: attributes)
      let step = LaunchPlan.Step.bind(
        source,
        target: relative(directory.place),
        isDirectory: true
      )
      placed.append((directory.place, step))
      placed += directory.emptied.map { nothing(at: "\(directory.place)/\($0)") }
    }
    let outside = request.writes.filter { grant in
      workspace.map { !PathText.covers($0.path.real, grant.real) } ?? true
    }
    for grant in independent(outside, of: []) {
      placed.append(
        (
          grant.real,
          .bind(
            source(grant, privileged: privileged, attributes: plain),
            target: relative(grant.real),
            isDirectory: grant.isDirectory
          )
        )
      )
    }

    let ordered = placed.enumerated().sorted { left, right in
      if left.element.path == right.element.path { return left.offset < right.offset }
      return PathText.precedes(left.element.path, right.element.path)
    }
    var seen: Set<String> = []
    var steps: [LaunchPlan.Step] = []
    for (_, (path, step)) in ordered {
      // The same place twice: a file of ours, such as /etc/passwd, comes first and stays.
      guard seen.insert(path).inserted else { continue }
      steps.append(step)
    }
    steps.append(.readOnly(target: "proc/sys"))
    for file in request.network?.files ?? [] {
      for place in file.places {
        steps.append(.place(file: relative(file.path), target: relative(place)))
      }
    }
    steps += protections(request)
    return steps
  }

  private static func workspace(
    _ workspace: ConfinementRequest.Workspace,
    _ request: ConfinementRequest,
    privileged: Bool
  ) -> [(String, LaunchPlan.Step)] {
    let path = workspace.path
    let isWritable = covered(path.real, by: request.writes)
    let map = privileged ? LaunchPlan.IdentityMap(uid: path.uid, gid: path.gid) : nil
    let isReadable =
      isWritable || request.writes.contains { PathText.liesBelow($0.real, path.real) }
      || covered(path.real, by: request.reads)
    guard isReadable, workspace.mode != .none else { return [] }
    let writesBelow = request.writes.contains { PathText.liesBelow($0.real, path.real) }
    switch (workspace.mode, workspace.layer) {
    case (.overlay, let layer?) where isWritable || writesBelow:
      return [
        (
          path.real,
          .overlay(
            lower: LaunchPlan.Source(
              path: path.real,
              identityMap: map,
              recursive: !privileged,
              attributes: readOnly
            ),
            layer: LaunchPlan.Source(
              path: layer,
              identityMap: map,
              recursive: !privileged,
              attributes: plain
            ),
            target: relative(path.real),
            isWritable ? plain : readOnly
          )
        )
      ]
    case (let mode, let layer):
      let source = LaunchPlan.Source(
        path: place(of: mode, layer) ?? path.real,
        identityMap: map,
        recursive: !privileged,
        attributes: isWritable ? plain : readOnly
      )
      let target = relative(path.real)
      return [
        (
          path.real,
          isWritable
            ? .bind(source, target: target, isDirectory: true) : .view(source, target: target)
        )
      ]
    }
  }

  /// Puts something empty in the place of a file.
  private static func nothing(at path: String) -> (String, LaunchPlan.Step) {
    let nothing = LaunchPlan.Source(
      path: "/dev/null",
      recursive: false,
      attributes: [.noSetuid, .noExec, .readOnly]
    )
    return (path, .bind(nothing, target: relative(path), isDirectory: false))
  }

  /// Where a private copy or work tree lies in the directory of the run.
  private static func place(of mode: WorkspaceMode, _ layer: String?) -> String? {
    switch mode {
    case .copy: layer.map { $0 + "/copy" }
    case .branch: layer.map { $0 + "/tree" }
    case .overlay, .direct, .none: nil
    }
  }

  /// Links of the system set, such as `/etc/localtime`, outside of the trees that are mounted whole.
  private static func links(_ request: ConfinementRequest) -> [(String, LaunchPlan.Step)] {
    let trees = request.reads + request.writes + (request.workspace.map { [$0.path] } ?? [])
    return request.reads.compactMap { grant in
      guard grant.isSystem, grant.named != grant.real, request.host.rootLinks[grant.named] == nil,
        !trees.contains(where: { $0.isDirectory && PathText.liesBelow(grant.named, $0.real) }),
        !request.host.rootLinks.keys.contains(where: { PathText.covers($0, grant.named) })
      else { return nil }
      return (grant.named, .symlink(text: grant.real, target: relative(grant.named)))
    }
  }

  /// What lies in a writable tree and must not be written, or not even be seen. Each ancestor up to
  /// the writable root becomes a mount, else it could be renamed and rebuilt without the protection.
  private static func protections(_ request: ConfinementRequest) -> [LaunchPlan.Step] {
    var trees = request.writes.map(\.real) + request.reads.map(\.real)
    if let workspace = request.workspace { trees.append(workspace.path.real) }
    let writable = request.writes.map(\.real)
    var writes: [LaunchPlan.Step] = []
    var pins: Set<String> = []
    var covers: [(String, LaunchPlan.Step)] = []

    if let workspace = request.workspace, !covered(workspace.path.real, by: request.writes) {
      for grant in request.writes where PathText.liesBelow(grant.real, workspace.path.real) {
        writes.append(.writable(target: relative(grant.real)))
      }
    }
    func protect(_ path: String, _ step: LaunchPlan.Step) {
      guard trees.contains(where: { PathText.covers($0, path) }) else { return }
      for root in writable { pins.formUnion(PathText.between(root, path)) }
      covers.append((path, step))
    }
    for grant in request.reads
    where writable.contains(where: { PathText.liesBelow(grant.real, $0) }) {
      protect(grant.real, .readOnly(target: relative(grant.real)))
    }
    for path in request.protected {
      protect(path.real, .readOnly(target: relative(path.real)))
    }
    for path in request.denied {
      protect(path.real, .mask(target: relative(path.real), isDirectory: path.isDirectory))
    }
    for path in request.sockets {
      protect(path, .mask(target: relative(path), isDirectory: false))
    }
    let ordered = covers.sorted { PathText.precedes($0.0, $1.0) }
    return writes
      + pins.sorted(by: PathText.precedes).map { .pin(target: relative($0)) }
      + withoutCovered(ordered)
  }

  /// Drops what lies below something that is masked already: it cannot be reached any more.
  private static func withoutCovered(_ steps: [(String, LaunchPlan.Step)]) -> [LaunchPlan.Step] {
    var masks: [String] = []
    var result: [LaunchPlan.Step] = []
    for (path, step) in steps {
      if masks.contains(where: { PathText.covers($0, path) }) { continue }
      if case .mask = step { masks.append(path) }
      result.append(step)
    }
    return result
  }

  private static func devices(shared: UInt64) -> [(String, LaunchPlan.Step)] {
    var steps: [(String, LaunchPlan.Step)] = [
      (
        "/dev",
        .tmpfs(target: "dev", mode: "0755", bytes: 1 << 16, inodes: 64, [.noSetuid, .noExec])
      ),
      ("/dev/pts", .devpts(target: "dev/pts")),
      ("/dev/ptmx", .symlink(text: "pts/ptmx", target: "dev/ptmx")),
      (
        "/dev/shm",
        .tmpfs(target: "dev/shm", mode: "1777", bytes: min(1 << 30, shared), inodes: 1 << 16, plain)
      ),
      ("/dev/fd", .symlink(text: "/proc/self/fd", target: "dev/fd")),
      ("/dev/stdin", .symlink(text: "/proc/self/fd/0", target: "dev/stdin")),
      ("/dev/stdout", .symlink(text: "/proc/self/fd/1", target: "dev/stdout")),
      ("/dev/stderr", .symlink(text: "/proc/self/fd/2", target: "dev/stderr")),
    ]
    for name in deviceNames {
      let source = LaunchPlan.Source(
        path: "/dev/\(name)",
        recursive: false,
        attributes: [.noSetuid, .noExec]
      )
      steps.append(
        ("/dev/\(name)", .bind(source, target: "dev/\(name)", isDirectory: false))
      )
    }
    return steps
  }

  static let deviceNames = ["null", "zero", "full", "random", "urandom", "tty"]

  /// Accounts and name service as the run sees them: itself, root and nobody; no host but itself.
  private static func accounts(
    _ request: ConfinementRequest,
    user: UInt32
  ) -> [(String, LaunchPlan.Step)] {
    let name = request.host.isPrivileged ? "caisson" : request.host.userName
    let group = request.host.isPrivileged ? insideID : request.host.gid
    let files = [
      "passwd": """
      root:x:0:0:root:/nonexistent:/usr/sbin/nologin
      \(name):x:\(user):\(group)::\(request.home):/bin/sh
      nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin

      """,
      "group": "root:x:0:\n\(name):x:\(group):\nnogroup:x:65534:\n",
      "hosts": "127.0.0.1 localhost caisson\n::1 localhost caisson\n",
      "hostname": "caisson\n",
      "resolv.conf": request.network == nil ? "" : "nameserver \(NetworkPlan.nameServer)\n",
      "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    ]
    return files.sorted { $0.key < $1.key }.map { file, content in
      ("/etc/\(file)", .file(target: "etc/\(file)", mode: 0o644, content: Array(content.utf8)))
    }
  }

  private static func files(_ network: NetworkGrant?) -> [(String, LaunchPlan.Step)] {
    (network?.files ?? []).map { file in
      (file.path, .file(target: relative(file.path), mode: 0o444, content: file.content))
    }
  }

  private static func source(
    _ grant: GrantedPath,
    privileged: Bool,
    attributes: MountAttributes
  ) -> LaunchPlan.Source {
    let map =
      privileged && !grant.isSystem
      ? LaunchPlan.IdentityMap(uid: grant.uid, gid: grant.gid) : nil
    return LaunchPlan.Source(
      path: grant.real,
      identityMap: map,
      recursive: map == nil && grant.isDirectory,
      attributes: attributes
    )
  }

  /// Grants that no other one of the same kind covers, and that do not lie in `others`.
  private static func independent(
    _ grants: [GrantedPath],
    of others: [GrantedPath]
  ) -> [GrantedPath] {
    let ordered = grants.sorted { PathText.precedes($0.real, $1.real) }
    var kept: [GrantedPath] = []
    for grant in ordered {
      // Sorted so that an ancestor is the last one kept when what lies below it comes.
      if let last = kept.last, PathText.covers(last.real, grant.real) { continue }
      if others.contains(where: { PathText.covers($0.real, grant.real) }) { continue }
      kept.append(grant)
    }
    return kept
  }

  private static func covered(_ path: String, by grants: [GrantedPath]) -> Bool {
    grants.contains { PathText.covers($0.real, path) }
  }

  private static func relative(_ path: String) -> String { String(path.drop { $0 == "/" }) }
}
