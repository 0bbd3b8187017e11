import CLinux

/// PID 1 of the run: seals itself, starts the command, reaps, and ends with the supervisor or the
/// launcher.
struct Init {
  private let identity: Identity
  private let plan: Plan
  /// Clones of the host's trees, where uid 0 has taken them.
  private let clones: [Int32]
  /// The lists of members of the run's cgroups, open for writing.
  private let groups: [Int32]
  /// Ends with the launcher outside.
  private let lifeline: Int32

  /// Makes the run's namespaces its own, and waits there for what the launcher hands over. The plan
  /// is whole: the launcher has read it before.
  init?(_ identity: Identity, _ lifeline: Int32) {
    do throws(LaunchFailure) {
      try identity.take()
    } catch {
      Control.report(error)
      return nil
    }
    guard let handed = try? Inheritance(from: lifeline, identity) else { return nil }
    (plan, clones, groups) = (handed.plan, handed.clones, handed.groups)
    self.identity = identity
    self.lifeline = lifeline
  }

  func run() -> Never {
    var listener: Int32 = -1
    var terminal: Int32 = -1
    var terminalNumber: Int32 = 0
    var sockets: [Int32] = []
    var witnesses: [(kind: Int, result: Int32)] = []
    let signals: Int32
    do throws(LaunchFailure) {
      try applySettings()
      sockets = try openSockets()
      witnesses = openWitnesses()
      try buildRoot()
      // What the root is made of is not charged to the run: blocks of the disk that stay in the page
      // cache would keep its memory group alive in the kernel, and thousands of those slow every start.
      try joinGroups()
      // The listener of signals comes first: after the filter nothing new is needed.
      signals = try LaunchFailure.check(
        withUnsafePointer(to: childSignal) { cl_signal_descriptor($0, 1) },
        "signalfd"
      )
      if plan.has(CL_PLAN_TERMINAL) {
        terminal = try LaunchFailure.check(
          cl_open_pty("/dev/pts/ptmx", &terminalNumber),
          "open a pseudo-terminal"
        )
      }
      try seal(&listener)
    } catch {
      Control.report(error)
      cl_exit(1)
    }
    handOut(witnesses)
    handOut(sockets)
    let descriptors = [listener, terminal].filter { $0 >= 0 }
    let flags: Int32 = (listener >= 0 ? 1 : 0) | (terminal >= 0 ? 2 : 0)
    Control.send(CL_MESSAGE_READY, [flags], descriptors: descriptors)
    for descriptor in descriptors { _ = cl_close(descriptor) }
    guard Control.waitForGo() else { cl_exit(1) }
    let command = Command(plan: plan, terminalNumber: terminal >= 0 ? terminalNumber : nil)
    watch(command.start(), signals)
  }

  // MARK: - Into the sandbox

  private func joinGroups() throws(LaunchFailure) {
    for group in groups {
      let written = cl_write(group, "0", 1)
      _ = cl_close(group)
      try LaunchFailure.check(
        Int32(truncatingIfNeeded: min(written, 0)),
        "join a cgroup of the run"
      )
    }
  }

  private func applySettings() throws(LaunchFailure) {
    if identity.has(CL_CLONE_NEWUTS) {
      try LaunchFailure.check(cl_set_hostname(plan.hostname.pointer), "sethostname")
    }
    for setting in plan.settings {
      let file = cl_open(
        Int32(CL_AT_FDCWD),
        setting.path.pointer,
        Int32(CL_O_WRONLY),
        0
      )
      var result = file
      if file >= 0 {
        result = Int32(
          truncatingIfNeeded: min(cl_write(file, setting.value.pointer, setting.value.count), 0)
        )
        _ = cl_close(file)
      }
      if setting.required { try LaunchFailure.check(result, "write", setting.path) }
    }
  }

  /// Closes the run's network in on itself and makes the sockets that lead out of it.
  private func openSockets() throws(LaunchFailure) -> [Int32] {
    guard !plan.sockets.isEmpty else { return [] }
    // 198.18.0.1 and fd00::1: lookups ask for addresses of a version only where there is one.
    let four: [UInt8] = [198, 18, 0, 1]
    let six: [UInt8] = [0xFD] + [UInt8](repeating: 0, count: 14) + [1]
    try LaunchFailure.check(cl_network_close(four, six), "route the run's network to itself")
    var sockets: [Int32] = []
    for socket in plan.sockets {
      let number = cl_network_socket(
        socket.isDatagram ? 1 : 0,
        socket.address.pointer,
        Int32(socket.address.count),
        socket.port
      )
      sockets.append(try LaunchFailure.check(number, "open a socket of the run's network"))
    }
    return sockets
  }

  /// What shows the run's network to whoever is outside. A run goes on without it, and says so.
  private func openWitnesses() -> [(kind: Int, result: Int32)] {
    var witnesses: [(kind: Int, result: Int32)] = []
    let count = plan.tap.count / 8
    if count > 0 {
      let program = Self.program(plan.tap)
      witnesses.append((CL_MESSAGE_TAP, cl_packet_tap(program, UInt16(count))))
    }
    if plan.has(CL_PLAN_TRACE_PROGRAMS) {
      witnesses.append((CL_MESSAGE_DIAGNOSIS, cl_socket_diagnosis()))
    }
    return witnesses
  }

  private func handOut(_ witnesses: [(kind: Int, result: Int32)]) {
    for (kind, result) in witnesses {
      Control.send(kind, [max(-result, 0)], descriptors: result >= 0 ? [result] : [])
      if result >= 0 { _ = cl_close(result) }
    }
  }

  /// The plan's bytes have no alignment; the kernel's structure has one.
  private static func program(_ bytes: PlanText) -> UnsafeMutablePointer<cl_filter> {
    let program = UnsafeMutablePointer<cl_filter>.allocate(capacity: bytes.count / 8)
    UnsafeMutableRawPointer(program).copyMemory(from: bytes.pointer, byteCount: bytes.count)
    return program
  }

  /// Gives the sockets to the supervisor. None stays: inside they would be doors to stand in.
  private func handOut(_ sockets: [Int32]) {
    var first = 0
    while first < sockets.count {
      let some = Array(sockets[first..<min(first + 4, sockets.count)])
      Control.send(CL_MESSAGE_SOCKETS, [Int32(truncatingIfNeeded: first)], descriptors: some)
      for socket in some { _ = cl_close(socket) }
      first += some.count
    }
  }

  private func buildRoot() throws(LaunchFailure) {
    guard identity.has(CL_CLONE_NEWNS) else { return }
    let areOwn = !identity.isPrivileged
    let clones = areOwn ? try Sources.open(plan, identity, nil) : self.clones
    let root = Root(
      clones: clones,
      areOwn: areOwn,
      stage: plan.stage,
      isDurable: plan.has(CL_PLAN_DURABLE)
    )
    try root.build(plan.steps)
    try root.enter()
    for clone in clones { _ = cl_close(clone) }
  }

  /// Capabilities, no_new_privs, Landlock, seccomp: in this order, since each takes away what the
  /// one before it needed.
  private func seal(_ listener: inout Int32) throws(LaunchFailure) {
    for limit in plan.resourceLimits {
      try LaunchFailure.check(cl_set_rlimit(limit.resource, limit.soft, limit.hard), "setrlimit")
    }
    try LaunchFailure.check(cl_set_dumpable(0), "clear dumpable")
    if plan.has(CL_PLAN_DROP_CAPABILITIES) {
      try LaunchFailure.check(cl_drop_capabilities(), "drop capabilities")
    }
    try LaunchFailure.check(cl_no_new_privileges(), "set no_new_privs")
    if plan.landlockABI > 0 { try restrictFiles() }
    let count = plan.filter.count / 8
    if count > 0 {
      let notify: Int32 = plan.has(CL_PLAN_NOTIFY) ? 1 : 0
      let result = cl_seccomp_install(Self.program(plan.filter), UInt16(count), notify)
      try LaunchFailure.check(result, "install the seccomp filter")
      if notify != 0 { listener = result }
    }
  }

  private func restrictFiles() throws(LaunchFailure) {
    let ruleset = try LaunchFailure.check(
      cl_landlock_ruleset(
        plan.landlockFiles,
        plan.landlockNetwork,
        plan.landlockScopes,
        plan.landlockABI
      ),
      "create the Landlock ruleset"
    )
    for rule in plan.landlockRules {
      let path = try LaunchFailure.check(
        cl_open(Int32(CL_AT_FDCWD), rule.path.pointer, Int32(CL_O_PATH), 0),
        "open for Landlock",
        rule.path
      )
      try LaunchFailure.check(
        cl_landlock_allow(ruleset, path, rule.access),
        "allow by Landlock",
        rule.path
      )
      _ = cl_close(path)
    }
    try LaunchFailure.check(cl_landlock_restrict(ruleset), "restrict by Landlock")
    _ = cl_close(ruleset)
  }

  // MARK: - Watching

  /// Waits for the command, for orders and for the end of the supervisor or the launcher. When this
  /// process ends, the kernel kills every other of the namespace.
  private func watch(_ command: Int32, _ signals: Int32) -> Never {
    let control = Int32(CL_CONTROL_DESCRIPTOR)
    var entries = [
      cl_poll(descriptor: control, wanted: Int16(CL_POLLIN), seen: 0),
      cl_poll(descriptor: signals, wanted: Int16(CL_POLLIN), seen: 0),
      cl_poll(descriptor: lifeline, wanted: 0, seen: 0),
    ]
    while true {
      reap(command)
      _ = cl_poll(&entries, 3, -1, 1)
      // The supervisor hears of it, too; but it may be writing to a slow disk.
      if entries[2].seen != 0 { cl_exit(1) }
      if entries[0].seen != 0 {
        guard let message = Control.receive() else { cl_exit(1) }
        if Int(message.kind) == CL_MESSAGE_SIGNAL {
          // The group once the command leads one; before that the process itself.
          if cl_kill(-command, message.field) < 0 { _ = cl_kill(command, message.field) }
        }
      }
      if entries[1].seen != 0 { while cl_next_signal(signals) > 0 {} }
    }
  }

  private func reap(_ command: Int32) {
    var status = cl_exit_status()
    var exited = false
    while cl_wait(-1, 0, &status) > 0 {
      if status.pid == command {
        exited = true
        break
      }
    }
    guard exited else { return }
    let (code, signal) = (status.code, status.signal)
    // Whoever is left dies now, not with this process: once the supervisor hears of the end,
    // nothing of the run writes any more, and it need not wait for the namespaces to be taken down.
    _ = cl_kill(-1, 9)
    while cl_wait(-1, 1, &status) > 0 {}
    var milliseconds: Int32 = 0
    var resident: Int32 = 0
    _ = cl_children_usage(&milliseconds, &resident)
    Control.send(CL_MESSAGE_EXITED, [code, signal, milliseconds, resident])
    // The supervisor reads the counters of the run's cgroups first.
    while let message = Control.receive(), Int(message.kind) != CL_MESSAGE_BYE {}
    cl_exit(0)
  }
}

/// SIGCHLD
private let childSignal: Int32 = 17
