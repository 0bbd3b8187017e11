internal import CLinux
internal import Glibc
package import Policy

/// Starts a planned run, watches it to its end and says how it went.
///
/// One thread and one `poll`: the supervisor waits for hours and must stay small. Its death ends the
/// run, because the run's PID 1 exits when the control socket closes.
package struct RunSupervisor: ~Copyable {
  private let plan: LaunchPlan
  private let limits: Limits
  private let groups: Cgroups
  private let watch: UsageWatch
  private let hooks: Hooks

  private var control: Int32 = -1
  private var listener: Int32 = -1
  private var launcher: Int32 = 0
  private var initPID: Int32 = 0
  private var end: RunOutcome.End?
  private var limit: RunOutcome.LimitHit?
  private var denials: [String: ObservedDenial] = [:]
  private var peakMemory: UInt64?
  private var isReady = false
  private var startedCommand = false
  private var stops = 0

  package init(
    plan: LaunchPlan,
    limits: Limits,
    groups: Cgroups,
    layer: String?,
    hooks: Hooks
  ) {
    self.plan = plan
    self.limits = limits
    self.groups = groups
    self.hooks = hooks
    watch = UsageWatch(
      layer: layer,
      diskBytes: limits.diskBytes,
      memoryBytes: groups.has(.memory) ? nil : limits.memoryBytes
    )
  }

  /// Runs to the end. Throws only where `beforeStart` does.
  package consuming func run(launcher path: String) throws -> RunOutcome {
    var relay: TerminalRelay?
    let handled = [SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT]
    let signals = Descriptor(cl_signal_descriptor(handled, Int32(handled.count)))
    _ = cl_ignore_signal(SIGPIPE)
    _ = cl_ignore_signal(SIGTTOU)
    do throws(SandboxError) {
      guard signals.number >= 0 else {
        throw .system(call: "signalfd", error: -signals.number)
      }
      try launch(path)
      // While the launcher starts: making a group waits for `Cgroups.prepareJoining`.
      try groups.create()
    } catch {
      if control >= 0 { _ = cl_close(control) }
      _ = waitForLauncher()
      groups.remove()
      return outcome(failure: error, seconds: 0, usage: nil)
    }
    do {
      try hooks.beforeStart()
    } catch {
      _ = cl_close(control)
      _ = waitForLauncher()
      throw error
    }

    let start = ContinuousClock.now
    var wall: Descriptor?
    var tick: Descriptor?
    if watch.isNeeded { tick = timer(0.25, repeats: true) }
    while end == nil {
      var entries = [
        poll(control), poll(signals.number), poll(listener), poll(wall?.number ?? -1),
        poll(tick?.number ?? -1),
      ]
      relay?.takeTerminal()
      let terminal = relay?.wanted ?? []
      entries += terminal.map {
        cl_poll(descriptor: $0.descriptor, wanted: Int16($0.events), seen: 0)
      }
      let ready = cl_poll(&entries, Int32(entries.count), relay?.patience ?? -1, 1)
      guard ready >= 0 else { break }
      if entries[2].seen != 0 { answerNotification(entries[2].seen) }
      for index in terminal.indices where entries[5 + index].seen != 0 {
        relay?.handle(terminal[index].descriptor)
      }
      if entries[1].seen != 0 { handleSignals(signals.number, &relay) }
      if entries[3].seen != 0 {
        wall = nil
        if limit == nil {
          limit = RunOutcome.LimitHit(
            limit: "wall",
            value: "\(limits.wallSeconds ?? 0)",
            detail: "the command ran longer than the policy lets it"
          )
          send(CL_MESSAGE_SIGNAL, SIGTERM)
          wall = timer(2, repeats: false)
        } else {
          stop()
        }
      }
      if entries[4].seen != 0 {
        if let number = tick?.number { drainTimer(number) }
        checkUsage(&tick)
      }
      if entries[0].seen != 0, let master = handleControl() {
        relay = TerminalRelay(master: Descriptor(master), terminals: plan.terminals)
      }
      if startedCommand, wall == nil, limit == nil, let seconds = limits.wallSeconds {
        wall = timer(seconds, repeats: false)
      }
    }
    relay?.drain()
    finishCounters()
    if control >= 0 { _ = cl_close(control) }
    let usage = waitForLauncher()
    if listener >= 0 { _ = cl_close(listener) }
    relay = nil
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return outcome(failure: nil, seconds: seconds, usage: usage)
  }

  // MARK: - Start and end

  private mutating func launch(_ path: String) throws(SandboxError) {
    guard access(path, X_OK) == 0 else { throw .noLauncher(path: path) }
    let bytes = plan.encoded()
    let memory = try Descriptor.take(
      cl_sealed_memory("caisson-plan", bytes, bytes.count),
      "memfd_create for the launch plan"
    )
    var ends: [Int32] = [-1, -1]
    let paired = cl_socket_pair(&ends)
    guard paired == 0 else { throw .system(call: "socketpair", error: -paired) }
    let inside = Descriptor(ends[1])
    control = ends[0]
    let null = try Descriptor.take(
      cl_open(Int32(CL_AT_FDCWD), "/dev/null", Int32(CL_O_RDWR), 0),
      "open /dev/null"
    )
    var descriptors: [Int32] = [0, 1, 2]
    for terminal in plan.terminals { descriptors[Int(terminal)] = null.number }
    for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
      descriptors[Int(number)] = null.number
    }
    descriptors += [memory.number, inside.number]
    let name = strdup("caisson-launch")
    defer { free(name) }
    var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    let pid = cl_spawn(
      path,
      &arguments,
      &environment,
      descriptors,
      Int32(descriptors.count)
    )
    guard pid > 0 else {
      _ = cl_close(control)
      control = -1
      throw .system(call: "start \(path)", error: -pid)
    }
    launcher = pid
  }

  private func waitForLauncher() -> cl_exit_status? {
    guard launcher > 0 else { return nil }
    var status = cl_exit_status()
    let result = cl_wait(launcher, 1, &status)
    groups.remove()
    return result > 0 ? status : nil
  }

  private func outcome(
    failure: SandboxError?,
    seconds: Double,
    usage: cl_exit_status?
  ) -> RunOutcome {
    let cpu = usage.map { Double($0.user_microseconds + $0.system_microseconds) / 1e6 } ?? 0
    let resident = usage.map { UInt64($0.max_resident_kibibytes) * 1024 } ?? 0
    let ended: RunOutcome.End
    if let failure { ended = .failed(failure) } else { ended = end ?? .failed(.lost) }
    return RunOutcome(
      end: ended,
      limit: limit,
      seconds: seconds,
      cpuSeconds: cpu,
      maxMemoryBytes: peakMemory ?? resident,
      denials: denials.values.sorted { $0.key < $1.key }
    )
  }

  /// Reads what the cgroups counted, while they are still there.
  private mutating func finishCounters() {
    peakMemory = groups.peakMemory()
    guard limit == nil else { return }
    if groups.memoryKills() > 0 {
      limit = RunOutcome.LimitHit(
        limit: "memory",
        value: "\(limits.memoryBytes ?? 0)",
        detail: "the kernel killed \(groups.memoryKills()) process(es) that needed more"
      )
    } else if groups.processRefusals() > 0 {
      limit = RunOutcome.LimitHit(
        limit: "processes",
        value: "\(limits.processes ?? 0)",
        detail: "\(groups.processRefusals()) new process(es) or thread(s) were refused"
      )
    }
  }

  /// Ends the run at once: its PID 1 exits, and the kernel kills the rest.
  private mutating func stop() {
    if control >= 0 { _ = cl_close(control) }
    control = -1
    end = end ?? .signalled(Int(SIGKILL))
  }

  private mutating func checkUsage(_ tick: inout Descriptor?) {
    let before = ContinuousClock.now
    if let hit = watch.exceeded(initPID: initPID) {
      limit = hit
      stop()
      return
    }
    // A large layer takes long to walk: watching costs at most a tenth of the time.
    let took = (ContinuousClock.now - before) / .seconds(1)
    if took > 0.025 { tick = timer(took * 10, repeats: true) }
  }

  // MARK: - Messages

  private mutating func handleControl() -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 8192)
    var descriptors: [Int32] = [-1, -1, -1, -1]
    var number: Int32 = 0
    let count = cl_receive(control, &bytes, bytes.count, &descriptors, &number)
    guard count > 0 else {
      end = end ?? .failed(.lost)
      return nil
    }
    func field(_ index: Int) -> Int32 {
      var value: UInt32 = 0
      for byte in 0..<4 { value |= UInt32(bytes[1 + 4 * index + byte]) << UInt32(8 * byte) }
      return Int32(bitPattern: value)
    }
    switch Int(bytes[0]) {
    case CL_MESSAGE_PID:
      // Not before PID 1 is in the run's cgroups may it start the command. The launcher is not in
      // them: it could not remove them from within.
      do throws(SandboxError) {
        try groups.join(field(0))
        initPID = field(0)
      } catch {
        end = .failed(error)
      }
      if isReady, end == nil { send(CL_MESSAGE_GO, 0) }
    case CL_MESSAGE_READY:
      var rest = descriptors[..<Int(number)]
      if field(0) & 1 != 0 { listener = rest.popFirst() ?? -1 }
      let master = field(0) & 2 != 0 ? rest.popFirst() : nil
      isReady = true
      if initPID != 0 { send(CL_MESSAGE_GO, 0) }
      return master
    case CL_MESSAGE_STARTED: startedCommand = true
    case CL_MESSAGE_ENDED: end = end ?? .failed(.lost)
    case CL_MESSAGE_NO_EXEC:
      let command = plan.arguments[0]
      end = .failed(
        field(0) == ENOENT
          ? .notFound(command: command) : .notExecutable(command: command, error: field(0))
      )
    case CL_MESSAGE_EXITED:
      end = field(1) != 0 ? .signalled(Int(field(1))) : .exited(Int(field(0)))
    case CL_MESSAGE_FAILED:
      let text = String(decoding: bytes[5..<count], as: UTF8.self)
      end = .failed(.launch(step: text, error: field(0)))
    default: break
    }
    return nil
  }

  private func send(_ kind: Int, _ field: Int32) {
    var bytes: [UInt8] = [UInt8(kind)]
    withUnsafeBytes(of: field.littleEndian) { bytes += $0 }
    _ = cl_send(control, bytes, bytes.count, nil, 0)
  }

  /// Passes signals on; a second request to stop is not asked but done.
  private mutating func handleSignals(_ descriptor: Int32, _ relay: inout TerminalRelay?) {
    while true {
      let signal = cl_next_signal(descriptor)
      guard signal > 0 else { return }
      switch signal {
      case SIGCHLD: continue
      case SIGWINCH: relay?.resize()
      case SIGCONT: relay?.resume()
      default:
        stops += 1
        if stops > 1 || !startedCommand { stop() } else { send(CL_MESSAGE_SIGNAL, signal) }
      }
    }
  }

  // MARK: - Denials

  private mutating func answerNotification(_ seen: Int16) {
    var call = cl_notification()
    guard cl_seccomp_receive(listener, &call) == 0 else {
      if seen & Int16(CL_POLLHUP) != 0 {
        _ = cl_close(listener)
        listener = -1
      }
      return
    }
    let program = HostTree.link("/proc/\(call.pid)/exe") ?? ""
    let number = Int(UInt32(bitPattern: call.number))
    if FileCalls.observed.contains(number), observes(call) {
      let access = FileObserver.access(call)
      _ = cl_seccomp_answer(listener, call.id, 0, 1)
      guard let access, let verdict = hooks.judge(access.path, access.writes, access.executes)
      else { return }
      note(
        ObservedDenial(
          layer: .file,
          what: SystemCalls.name(number),
          path: access.path,
          pid: Int(call.pid),
          program: program,
          rule: verdict.rule,
          remedy: verdict.remedy
        )
      )
      return
    }
    _ = cl_seccomp_answer(listener, call.id, EPERM, 0)
    note(
      .systemCall(number, architecture: call.architecture, pid: Int(call.pid), program: program)
    )
  }

  /// Whether a file call came here to be seen, not to be refused: a mode that holds a setuid bit is
  /// refused by the filter's own rule, which the supervisor applies again to the same registers.
  private func observes(_ call: cl_notification) -> Bool {
    guard call.architecture == 0xC000_003E else { return false }
    return FileCalls.isHarmless(
      Int(call.number),
      withUnsafeBytes(of: call.arguments) { Array($0.bindMemory(to: UInt64.self)) }
    )
  }

  private mutating func note(_ denial: ObservedDenial) {
    if denials[denial.key] != nil {
      denials[denial.key]?.count += 1
    } else if denials.count < 1000 {
      denials[denial.key] = denial
      hooks.denied(denial)
    }
  }

  // MARK: - Timers

  private func poll(_ descriptor: Int32) -> cl_poll {
    cl_poll(descriptor: descriptor, wanted: Int16(CL_POLLIN), seen: 0)
  }

  private func timer(_ seconds: Double, repeats: Bool) -> Descriptor? {
    let nanoseconds = UInt64(min(max(seconds, 0.001), 1e9) * 1e9)
    let number = cl_timer(nanoseconds, repeats ? nanoseconds : 0)
    return number >= 0 ? Descriptor(number) : nil
  }

  private func drainTimer(_ number: Int32) {
    var bytes = [UInt8](repeating: 0, count: 8)
    _ = cl_read(number, &bytes, 8)
  }
}
