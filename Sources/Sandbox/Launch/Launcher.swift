internal import CLinux
internal import Glibc

/// The launcher's process from its start until a supervisor takes it over.
///
/// It is started before anything is made on the host for the run, and told of each such thing before
/// it is made: a supervisor that is killed at any moment leaves someone behind who clears up.
package struct Launcher: ~Copyable {
  private let control: Int32
  private let pid: Int32
  private let identity: RunIdentity

  /// Starts the launcher, which makes the namespaces of the run at once.
  ///
  /// - Parameters:
  ///   - terminals: Those of the descriptors 0 to 2 that it must not be given.
  ///   - output: What takes the place of files.
  ///   - standard: Given instead of this process's own descriptors 0 to 2.
  ///   - lock: A locked file that it and PID 1 of the run hold to their ends.
  package init(
    path: String,
    identity: RunIdentity,
    terminals: [Int32],
    output: inout OutputRelay,
    standard: [Int32]? = nil,
    lock: Int32? = nil
  ) throws(SandboxError) {
    guard access(path, X_OK) == 0 else { throw .noLauncher(path: path) }
    var ends: [Int32] = [-1, -1]
    let paired = cl_socket_pair(&ends)
    guard paired == 0 else { throw .system(call: "socketpair", error: -paired) }
    let outside = ends[0]
    let inside = Descriptor(ends[1])
    let null = cl_open(Int32(CL_AT_FDCWD), "/dev/null", Int32(CL_O_RDWR), 0)
    guard null >= 0 else {
      _ = cl_close(outside)
      throw .system(call: "open /dev/null", error: -null)
    }
    let nothing = Descriptor(null)
    var descriptors: [Int32] = [0, 1, 2]
    for terminal in terminals { descriptors[Int(terminal)] = nothing.number }
    for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
      descriptors[Int(number)] = nothing.number
    }
    for (number, replacement) in output.replacements { descriptors[Int(number)] = replacement }
    if let standard, standard.count == 3 { descriptors = standard }
    descriptors.append(inside.number)
    if let lock { descriptors.append(lock) }
    let name = strdup("caisson-launch")
    defer { free(name) }
    var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    let child = cl_spawn(path, &arguments, &environment, descriptors, Int32(descriptors.count))
    guard child > 0 else {
      _ = cl_close(outside)
      throw .system(call: "start \(path)", error: -child)
    }
    output.closeReplacements()
    // Where the launcher is killed, the run's PID 1 becomes this process's child, so that its end
    // can be awaited.
    _ = cl_adopt_orphans()
    control = outside
    pid = child
    self.identity = identity
    let message = identity.encoded()
    // A launcher that is gone is found to be so when it is given the plan.
    _ = cl_send(control, message, message.count, nil, 0)
  }

  /// Ends the launcher, which removes what it was told of.
  deinit {
    _ = cl_close(control)
    var status = cl_exit_status()
    _ = cl_wait(pid, 1, &status)
  }

  /// Has the launcher remove an empty file or directory of the host, should this process die before
  /// it has given the plan.
  package func keepInMind(_ path: String, isDirectory: Bool) throws(SandboxError) {
    var bytes: [UInt8] = [UInt8(CL_MESSAGE_MADE)]
    withUnsafeBytes(of: Int32(isDirectory ? 1 : 0).littleEndian) { bytes += $0 }
    bytes += Array(path.utf8) + [0]
    let sent = cl_send(control, bytes, bytes.count, nil, 0)
    guard sent == bytes.count else {
      throw .system(call: "tell the launcher of \(path)", error: Int32(clamping: -min(sent, -5)))
    }
  }

  /// Gives the launcher its plan.
  func give(_ plan: LaunchPlan) throws(SandboxError) {
    precondition(plan.identity == identity, "the launcher was started for another run")
    let bytes = plan.encoded()
    guard bytes.count <= CL_PLAN_MAXIMUM_BYTES else {
      throw .tooMuch(bytes: bytes.count, most: Int(CL_PLAN_MAXIMUM_BYTES))
    }
    let memory = try Descriptor.take(
      cl_sealed_memory("caisson-plan", bytes, bytes.count),
      "memfd_create for the launch plan"
    )
    let message: [UInt8] = [UInt8(CL_MESSAGE_PLAN), 0, 0, 0, 0]
    let sent = cl_send(control, message, message.count, [memory.number], 1)
    guard sent == message.count else {
      throw .system(call: "give the launcher its plan", error: Int32(clamping: -min(sent, -5)))
    }
  }

  /// Hands both over to whoever watches the run from now on.
  consuming func release() -> (control: Int32, pid: Int32) {
    let parts = (control, pid)
    discard self
    return parts
  }
}
