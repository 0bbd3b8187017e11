import CLinux

/// The command of the run, until it is executed.
struct Command {
  let plan: Plan
  /// The number of the run's own pseudo-terminal, if it has one.
  let terminalNumber: Int32?

  /// Starts the command as a child and returns its pid. Does not return where it cannot be run.
  func start() -> Int32 {
    var attempt = (command: self, error: Int32(0))
    // The child works in this process's memory: copying it would cost more than all it does.
    let child = withUnsafeMutablePointer(to: &attempt) {
      cl_run_beside(
        { context in
          typealias Attempt = (command: Command, error: Int32)
          guard let attempt = context?.assumingMemoryBound(to: Attempt.self) else { return 127 }
          attempt.pointee.error = attempt.pointee.command.become()
          return 127
        },
        $0
      )
    }
    guard child >= 0 else {
      Control.report(LaunchFailure(call: "clone", subject: nil, error: -child))
      cl_exit(1)
    }
    guard attempt.error == 0 else {
      Control.send(CL_MESSAGE_NO_EXEC, [attempt.error])
      cl_exit(1)
    }
    Control.send(CL_MESSAGE_STARTED, [child])
    return child
  }

  /// Turns this child into the command. Returns the errno that kept it from doing so.
  private func become() -> Int32 {
    _ = cl_set_session()
    if let terminalNumber {
      let path = "/dev/pts/\(terminalNumber)"
      let terminal = cl_open(
        Int32(CL_AT_FDCWD),
        path,
        Int32(CL_O_RDWR | CL_O_NOCTTY),
        0
      )
      guard terminal >= 0 else { return -terminal }
      _ = cl_set_controlling_terminal(terminal)
      // Only what was a terminal outside becomes one inside.
      for target in 0...2 where plan.has(CL_PLAN_TERMINAL_FIRST << target) {
        let result = cl_duplicate(terminal, Int32(target))
        guard result >= 0 else { return -result }
      }
    }
    let directory = cl_chdir(plan.directory.pointer)
    guard directory == 0 else { return -directory }
    // The launcher was started with default signals; only what PID 1 blocks is given back.
    cl_unblock_signals()
    let arguments = Self.pointers(plan.arguments)
    let environment = Self.pointers(plan.environment)
    let name = plan.arguments[0]
    if Self.hasSlash(name) || plan.searchPath.isEmpty {
      return -cl_execve(name.pointer, arguments, environment)
    }
    var last: Int32 = 2  // ENOENT
    for folder in plan.searchPath {
      let path = Self.joined(folder, name)
      let error = -cl_execve(path, arguments, environment)
      // What the shell does: a file that may not be run is remembered, an absent one is passed by.
      if error != 2 && error != 20 { last = error }
    }
    return last
  }

  private static func pointers(_ texts: [PlanText]) -> UnsafeMutablePointer<
    UnsafeMutablePointer<CChar>?
  > {
    let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
      capacity: texts.count + 1
    )
    for (index, text) in texts.enumerated() {
      list[index] = UnsafeMutablePointer(mutating: text.pointer)
    }
    list[texts.count] = nil
    return list
  }

  private static func hasSlash(_ text: PlanText) -> Bool {
    for index in 0..<text.count where text.pointer[index] == CChar(UInt8(ascii: "/")) {
      return true
    }
    return false
  }

  private static func joined(_ folder: PlanText, _ name: PlanText) -> UnsafePointer<CChar> {
    let path = UnsafeMutablePointer<CChar>.allocate(capacity: folder.count + name.count + 2)
    for index in 0..<folder.count { path[index] = folder.pointer[index] }
    path[folder.count] = CChar(UInt8(ascii: "/"))
    for index in 0...name.count { path[folder.count + 1 + index] = name.pointer[index] }
    return UnsafePointer(path)
  }
}
