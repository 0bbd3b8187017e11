internal import CLinux
internal import Glibc

/// The supervisor's end of the process in which a run's network ends.
///
/// That process holds the secrets and talks to the world; this one only starts it, hands it the
/// sockets that the run's PID 1 made, and keeps what it observes. Where either dies, so does the run.
package struct EgressLink: ~Copyable {
  /// What it says.
  package enum Message {
    /// A JSON array of observations.
    case audit([UInt8])
    case policyTaken
    /// A place that nothing grants, on which a connection waits: `PORT HOST`.
    case question(String)
    case failed(String)
    case ended
  }

  let control: Int32
  private let pid: Int32
  private var given = 0
  private var isServing = false
  private var isTracing = false
  /// What it observed before the run was let go.
  private var early: [[UInt8]] = []

  private static let patience: Int32 = 20_000
  private static let longest = 64 << 10

  /// Starts the process.
  package init(path: String) throws(SandboxError) {
    guard access(path, X_OK) == 0 else { throw .egress("\(path) is missing; build it again") }
    var ends: [Int32] = [-1, -1]
    let paired = cl_socket_pair(&ends)
    guard paired == 0 else { throw .system(call: "socketpair", error: -paired) }
    let inside = Descriptor(ends[1])
    let null = cl_open(Int32(CL_AT_FDCWD), "/dev/null", Int32(CL_O_RDWR), 0)
    guard null >= 0 else {
      _ = cl_close(ends[0])
      throw .system(call: "open /dev/null", error: -null)
    }
    let nothing = Descriptor(null)
    let descriptors = [nothing.number, nothing.number, nothing.number, inside.number]
    let name = strdup("caisson-egress")
    defer { free(name) }
    var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    let child = cl_spawn(path, &arguments, &environment, descriptors, Int32(descriptors.count))
    guard child > 0 else {
      _ = cl_close(ends[0])
      throw .system(call: "start \(path)", error: -child)
    }
    control = ends[0]
    pid = child
  }

  /// The end of the socket ends the process, and with it every connection of the run. It is not
  /// waited for: the kernel takes its time over the tap that it held.
  deinit {
    _ = cl_close(control)
    _ = cl_kill(pid, SIGKILL)
    var status = cl_exit_status()
    _ = cl_wait(pid, 0, &status)
  }

  /// Configures it, and gives the certificate of the run's own authority, in PEM.
  ///
  /// - Parameter configuration: JSON, as the `Egress` target's `Configuration` reads it. It travels
  ///   in memory only.
  package func configure(_ configuration: [UInt8]) throws(SandboxError) -> [UInt8] {
    try send(UInt8(ascii: "C"), file: configuration)
    var file: Int32 = -1
    try expect(UInt8(ascii: "r"), file: &file)
    guard file >= 0 else { throw .egress("it sent no certificate") }
    let memory = Descriptor(file)
    var certificate: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = cl_read(memory.number, &bytes, bytes.count)
      guard count > 0, certificate.count < Self.longest else { break }
      certificate += bytes[..<count]
    }
    return certificate
  }

  /// Passes on sockets of the run, in the order of its plan, and closes them here.
  mutating func give(_ sockets: [Int32]) throws(SandboxError) {
    let body = Array("S{\"first\":\(given)}".utf8)
    let sent = cl_send(control, body, body.count, sockets, Int32(sockets.count))
    for socket in sockets { _ = cl_close(socket) }
    given += sockets.count
    guard sent == body.count else { throw .egress("it does not take the run's sockets") }
  }

  /// Passes on the tap of the run's loopback, or why there is none.
  func giveTap(_ tap: [Int32], error: Int32) throws(SandboxError) {
    try give(UInt8(ascii: "T"), "{\"error\":\(error)}", tap)
  }

  /// Passes on the socket that tells whose a connection is, or why there is none, with the run's
  /// PID 1 as it is seen from here; returns when the first connection can be told.
  mutating func giveDiagnosis(_ socket: [Int32], error: Int32, pid: Int32) throws(SandboxError) {
    try give(UInt8(ascii: "W"), "{\"error\":\(error),\"pid\":\(pid)}", socket)
    while !isTracing { try takeEarly() }
  }

  private func give(
    _ kind: UInt8,
    _ text: String,
    _ descriptors: [Int32]
  ) throws(SandboxError) {
    let body = [kind] + Array(text.utf8)
    let sent = cl_send(control, body, body.count, descriptors, Int32(descriptors.count))
    for descriptor in descriptors { _ = cl_close(descriptor) }
    guard sent == body.count else { throw .egress("it does not take what looks into the run") }
  }

  /// Waits until every socket is served. It may have said so while something else was waited for.
  ///
  /// - Returns: what it observed meanwhile.
  mutating func awaitService() throws(SandboxError) -> [[UInt8]] {
    while !isServing { try takeEarly() }
    defer { early = [] }
    return early
  }

  private mutating func takeEarly() throws(SandboxError) {
    var entries = [cl_poll(descriptor: control, wanted: Int16(CL_POLLIN), seen: 0)]
    guard cl_poll(&entries, 1, Self.patience, 1) > 0 else { throw .egress("it does not answer") }
    switch receive() {
    case .ended: throw .egress("it ended at its start")
    case .failed(let what): throw .egress(what)
    case .audit(let body): early.append(body)
    // Nothing of the run is there yet that could ask.
    case .question, .policyTaken, nil: break
    }
  }

  /// Puts another policy in force; `policyTaken` answers.
  package func replacePolicy(_ update: [UInt8]) throws(SandboxError) {
    try send(UInt8(ascii: "P"), file: update)
  }

  /// Says no to a question.
  func refuse(_ place: String) {
    let body = [UInt8(ascii: "N")] + Array(place.utf8)
    _ = cl_send(control, body, body.count, nil, 0)
  }

  /// Takes one message without waiting longer than for one that is there.
  mutating func receive() -> Message? {
    var bytes = [UInt8](repeating: 0, count: Self.longest)
    var descriptors: [Int32] = [-1, -1, -1, -1]
    var number: Int32 = 0
    let count = cl_receive(control, &bytes, bytes.count, &descriptors, &number)
    for descriptor in descriptors.prefix(Int(number)) { _ = cl_close(descriptor) }
    guard count > 0 else { return .ended }
    let body = Array(bytes[1..<count])
    switch bytes[0] {
    case UInt8(ascii: "a"): return .audit(body)
    case UInt8(ascii: "p"): return .policyTaken
    case UInt8(ascii: "q"): return .question(String(decoding: body, as: UTF8.self))
    case UInt8(ascii: "e"): return .failed(String(decoding: body, as: UTF8.self))
    case UInt8(ascii: "s"):
      isServing = true
      return nil
    case UInt8(ascii: "w"):
      isTracing = true
      return nil
    default: return nil
    }
  }

  /// Asks it to say what it has not said yet and to end; gives the audits that were under way.
  mutating func finish() -> [[UInt8]] {
    var audits: [[UInt8]] = []
    let body = [UInt8(ascii: "Q")]
    guard cl_send(control, body, 1, nil, 0) == 1 else { return audits }
    while true {
      var entries = [cl_poll(descriptor: control, wanted: Int16(CL_POLLIN), seen: 0)]
      guard cl_poll(&entries, 1, 2000, 1) > 0 else { return audits }
      switch receive() {
      case .audit(let body): audits.append(body)
      case .ended, .failed: return audits
      default: continue
      }
    }
  }

  // MARK: - Packets

  private func send(_ kind: UInt8, file: [UInt8]) throws(SandboxError) {
    let memory = try Descriptor.take(
      cl_sealed_memory("caisson-network", file, file.count),
      "memfd_create for the network's configuration"
    )
    let body = [kind, UInt8(ascii: "{"), UInt8(ascii: "}")]
    let sent = cl_send(control, body, body.count, [memory.number], 1)
    guard sent == body.count else { throw .egress("it does not take its configuration") }
  }

  private func expect(_ kind: UInt8, file: inout Int32) throws(SandboxError) {
    var entries = [cl_poll(descriptor: control, wanted: Int16(CL_POLLIN), seen: 0)]
    guard cl_poll(&entries, 1, Self.patience, 1) > 0 else { throw .egress("it does not answer") }
    var bytes = [UInt8](repeating: 0, count: Self.longest)
    var descriptors: [Int32] = [-1, -1, -1, -1]
    var number: Int32 = 0
    let count = cl_receive(control, &bytes, bytes.count, &descriptors, &number)
    if number > 0 { file = descriptors[0] }
    guard count > 0 else { throw .egress("it ended at its start") }
    guard bytes[0] == kind else {
      throw .egress(String(decoding: bytes[1..<count], as: UTF8.self))
    }
  }
}
