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
  let hooks: Hooks

  private static let secondsToStart = 60.0
  /// How long the command of a session may take to end once nobody is at its other end.
  private static let secondsAlone = 2.0

  private var output: OutputRelay
  var egress: EgressLink?
  /// Places that a person is to be asked about, and the one that is asked about now.
  var questions: [String] = []
  var question: TerminalQuestion?
  private var control: Int32
  private var listener: Int32 = -1
  private let launcher: Int32
  private var launcherHasEnded = false
  private(set) var initPID: Int32 = 0
  /// What tells whose a connection is, until PID 1 is known.
  var diagnosis: (socket: [Int32], error: Int32)?
  var end: RunOutcome.End?
  private var limit: RunOutcome.LimitHit?
  private var denials: [String: ObservedDenial] = [:]
  private var peakMemory: UInt64?
  private var cpuSeconds = 0.0
  private var largestResident: UInt64 = 0
  private var isReady = false
  /// The command has ended, and PID 1 waits for a word.
  private var hasExited = false
  private var startedCommand = false
  private var stops = 0
  /// The descriptor whose other end's end is the run's; -1 where there is none.
  private var caller: Int32

  package init(
    plan: LaunchPlan,
    limits: Limits,
    groups: Cgroups,
    layer: String?,
    hooks: Hooks,
    output: consuming OutputRelay,
    egress: consuming EgressLink? = nil,
    endsWithInput: Bool = false,
    launcher: consuming Launcher
  ) throws(SandboxError) {
    for path in groups.paths { try launcher.keepInMind(path, isDirectory: true) }
    try groups.create()
    try launcher.give(plan)
    (control, self.launcher) = launcher.release()
    self.plan = plan
    self.limits = limits
    self.groups = groups
    self.hooks = hooks
    self.output = output
    self.egress = egress
    caller = endsWithInput ? 0 : -1
    watch = UsageWatch(
      layer: layer,
      diskBytes: limits.diskBytes,
      memoryBytes: groups.has(.memory) ? nil : limits.memoryBytes
    )
  }

  /// Runs to the end. Throws where `beforeStart` does, or where nothing could be watched.
  package consuming func run() throws -> RunOutcome {
    var relay: TerminalRelay?
    let handled = [SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT, SIGUSR1]
    let signals = Descriptor(cl_signal_descriptor(handled, Int32(handled.count)))
    _ = cl_ignore_signal(SIGPIPE)
    _ = cl_ignore_signal(SIGTTOU)
    do {
      guard signals.number >= 0 else {
        throw SandboxError.system(call: "signalfd", error: -signals.number)
      }
      try hooks.beforeStart()
    } catch {
      egress = nil
      _ = cl_close(control)
      waitForLauncher()
      throw error
    }

    let start = ContinuousClock.now
    // A tree to be cloned may lie on a file system that does not answer.
    var wall = timer(Self.secondsToStart, repeats: false)
    var isTimed = false
    // It may have been killed before its signal was waited for.
    checkLauncher()
    var tick: Descriptor?
    var alone: Descriptor?
    if watch.isNeeded { tick = timer(0.25, repeats: true) }
    while end == nil {
      var entries = [
        poll(control), poll(signals.number), poll(listener), poll(wall?.number ?? -1),
        poll(tick?.number ?? -1), poll(egress?.control ?? -1), poll(alone?.number ?? -1),
        cl_poll(descriptor: caller, wanted: 0, seen: 0),
      ]
      let fixed = entries.count
      relay?.takeTerminal()
      // A question has the terminal for itself.
      let terminal = question == nil ? relay?.wanted ?? [] : []
      entries += terminal.map {
        cl_poll(descriptor: $0.descriptor, wanted: Int16($0.events), seen: 0)
      }
      let files = output.wanted
      entries += files.map { poll($0) }
      if let descriptor = question?.descriptor { entries.append(poll(descriptor)) }
      let patience = question?.rest ?? relay?.patience ?? -1
      let ready = cl_poll(&entries, Int32(entries.count), patience, 1)
      guard ready >= 0 else { break }
      if entries[2].seen != 0 { answerNotification(entries[2].seen) }
      for index in terminal.indices where entries[fixed + index].seen != 0 {
        relay?.handle(terminal[index].descriptor, terminal[index].events)
      }
      for index in files.indices where entries[fixed + terminal.count + index].seen != 0 {
        output.carry(files[index])
      }
      if entries[1].seen != 0 { handleSignals(signals.number, &relay) }
      if entries[3].seen != 0 {
        wall = nil
        if !startedCommand {
          end = .failed(.launch(step: "start the command", error: ETIMEDOUT))
          _ = cl_kill(launcher, SIGKILL)
        } else if limit == nil {
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
      if entries[5].seen != 0 { handleEgress() }
      if entries[6].seen != 0 { stop() }
      // The command reads it, too, and ends by itself, unless something keeps it from doing so.
      if entries[7].seen != 0 {
        caller = -1
        alone = timer(Self.secondsAlone, repeats: false)
      }
      takeAnswer()
      askNext()
      // Whoever ended the run in this round may have read the message: another read would wait.
      if end == nil, entries[0].seen != 0, let master = handleControl() {
        relay = TerminalRelay(master: Descriptor(master), terminals: plan.terminals)
      }
      if startedCommand, !isTimed {
        isTimed = true
        wall = limits.wallSeconds.flatMap { timer($0, repeats: false) }
      }
    }
    finishCounters()
    // What did not end by itself does not work on while the way out says its last.
    if !hasExited { hangUp() }
    finishEgress()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    letGo()
    output.drain()
    relay?.drain()
    if listener >= 0 { _ = cl_close(listener) }
    var result = outcome(seconds: seconds)
    let hooks = self.hooks
    // The launcher clears up while the record is written.
    let recorded = Result { try hooks.ended(result) }
    if !awaitClearing() {
      hangUp()
      waitForLauncher()
    }
    result.terminalIsStuck = !Self.show(
      &relay,
      signals: signals.number,
      wall: wall?.number ?? -1,
      isHurried: limit != nil || stops > 1
    )
    relay = nil
    try recorded.get()
    return result
  }

  /// Lets the run's PID 1 go. It has ended every other process of the run before it said that the
  /// command is over, so nothing writes any more.
  private mutating func letGo() {
    if hasExited, control >= 0 {
      send(CL_MESSAGE_BYE, 0)
      return
    }
    // Nobody said goodbye.
    hangUp()
    waitForLauncher()
  }

  /// Closes the control socket, whose end is the end of the run's PID 1 and of whoever is left.
  private mutating func hangUp() {
    if control >= 0 { _ = cl_close(control) }
    control = -1
  }

  // MARK: - Start and end

  /// Waits for the launcher's word that it has cleared up, which comes before its own end does.
  private mutating func awaitClearing() -> Bool {
    guard hasExited, !launcherHasEnded, control >= 0, cl_end_output(control) == 0 else {
      return false
    }
    var bytes = [UInt8](repeating: 0, count: 64)
    var descriptors: [Int32] = [-1, -1, -1, -1]
    var number: Int32 = 0
    while cl_receive(control, &bytes, bytes.count, &descriptors, &number) > 0 {
      for descriptor in descriptors[..<Int(number)] { _ = cl_close(descriptor) }
      if Int(bytes[0]) == CL_MESSAGE_CLEARED { return true }
    }
    return false
  }

  /// Waits until nothing of the run is left, and removes its groups.
  private mutating func waitForLauncher() {
    var status = cl_exit_status()
    if !launcherHasEnded, cl_wait(launcher, 1, &status) > 0, cpuSeconds == 0 {
      cpuSeconds = Double(status.user_microseconds + status.system_microseconds) / 1e6
      largestResident = UInt64(max(status.max_resident_kibibytes, 0)) * 1024
    }
    launcherHasEnded = true
    // What a killed launcher left is this process's child now: PID 1 of the run, which ends with
    // the control socket, or is made to.
    if initPID > 0, cl_wait(initPID, 0, &status) == 0 { _ = cl_kill(initPID, SIGKILL) }
    // It and PID 1 are one process group, which the way out is not in.
    while cl_wait(-launcher, 1, &status) > 0 {}
    groups.remove()
  }

  /// The launcher outlives its run. Where it was killed, the run ends at once.
  private mutating func checkLauncher() {
    var status = cl_exit_status()
    guard !launcherHasEnded, cl_wait(launcher, 0, &status) > 0 else { return }
    launcherHasEnded = true
    // It may have said why.
    var entries = [poll(control)]
    while end == nil, control >= 0, cl_poll(&entries, 1, 0, 1) > 0 { _ = handleControl() }
    end = end ?? .failed(.lost)
  }

  private func outcome(seconds: Double) -> RunOutcome {
    RunOutcome(
      end: end ?? .failed(.lost),
      limit: limit,
      seconds: seconds,
      cpuSeconds: cpuSeconds,
      maxMemoryBytes: peakMemory ?? largestResident,
      denials: denials.values.sorted { $0.key < $1.key },
      lostOutput: output.failure
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
    hangUp()
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

  /// Says the word for which PID 1 waits.
  private mutating func letStart() {
    awaitEgress()
    if end == nil { send(CL_MESSAGE_GO, 0) }
  }

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
        if !groups.areJoinedFromWithin { try groups.join(field(0)) }
        initPID = field(0)
      } catch {
        end = .failed(error)
      }
      if isReady { letStart() }
    case CL_MESSAGE_TAP: giveTap(Array(descriptors[..<Int(number)]), error: field(0))
    case CL_MESSAGE_DIAGNOSIS: diagnosis = (Array(descriptors[..<Int(number)]), field(0))
    case CL_MESSAGE_SOCKETS:
      giveEgress(Array(descriptors[..<Int(number)]))
    case CL_MESSAGE_READY:
      var rest = descriptors[..<Int(number)]
      if field(0) & 1 != 0 { listener = rest.popFirst() ?? -1 }
      let master = field(0) & 2 != 0 ? rest.popFirst() : nil
      isReady = true
      if initPID != 0 { letStart() }
      return master
    case CL_MESSAGE_STARTED: startedCommand = true
    case CL_MESSAGE_ENDED:
      end = end ?? .failed(.lost)
    case CL_MESSAGE_NO_EXEC:
      let command = plan.arguments[0]
      end = .failed(
        field(0) == ENOENT
          ? .notFound(command: command) : .notExecutable(command: command, error: field(0))
      )
    case CL_MESSAGE_EXITED:
      hasExited = true
      end = field(1) != 0 ? .signalled(Int(field(1))) : .exited(Int(field(0)))
      cpuSeconds = Double(field(2)) / 1000
      largestResident = UInt64(max(field(3), 0)) * 1024
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
      case SIGCHLD: checkLauncher()
      case SIGWINCH: relay?.resize()
      case SIGCONT: relay?.resume()
      case SIGUSR1: revoke()
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
    if count(denial) { hooks.denied(denial) }
  }

  /// Counts a denial; true where it is the first of its kind.
  @discardableResult
  mutating func count(_ denial: ObservedDenial) -> Bool {
    if denials[denial.key] != nil {
      denials[denial.key]?.count += denial.count
    } else if denials.count < 1000 {
      denials[denial.key] = denial
      return true
    }
    return false
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
