import CLinux
import Glibc

/// What starts a server: any program, and its arguments.
package struct ServerCommand: Hashable, Sendable {
  /// A path, or a name that `PATH` knows.
  package var program: String
  package var arguments: [String]
  /// The whole environment; nil means this process's own.
  package var environment: [String: String]?
  /// How long a server has to leave after its input was closed, and again after SIGTERM.
  package var grace = Duration.seconds(2)

  package init(_ program: String, _ arguments: [String] = [], environment: [String: String]? = nil)
  {
    self.program = program
    self.arguments = arguments
    self.environment = environment
  }

  /// The program and the ends of its pipes that stay here.
  struct Process: ~Copyable {
    let pid: Int32
    let watch: PipeEnd
    let input: PipeEnd
    let output: PipeEnd
    let error: PipeEnd
  }

  func start() throws(SessionError) -> Process {
    guard let path = located else {
      throw .notStarted("there is no program \(program) on PATH; install it, or name its path")
    }
    let input = try PipeEnd.pair()
    let output = try PipeEnd.pair()
    let error = try PipeEnd.pair()
    for number in [input.write.number, output.read.number, error.read.number] {
      try PipeEnd.check(cl_set_nonblocking(number, 1), "prepare a pipe")
    }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var variables = variables.map { strdup($0) } + [nil]
    defer { for text in words + variables { free(text) } }
    let descriptors = [input.read.number, output.write.number, error.write.number]
    let pid = cl_spawn(path, &words, &variables, descriptors, 3)
    guard pid > 0 else { throw .notStarted("\(path): \(PipeEnd.reason(-pid))") }
    let watch = cl_pidfd_open(pid)
    guard watch >= 0 else {
      // Without a watch on it, it would be a process that nobody ends.
      _ = cl_kill(pid, SIGKILL)
      var status = cl_exit_status()
      _ = cl_wait(pid, 1, &status)
      throw .notStarted("watch it: \(PipeEnd.reason(-watch))")
    }
    return Process(
      pid: pid,
      watch: PipeEnd(watch),
      input: input.takeWrite(),
      output: output.takeRead(),
      error: error.takeRead()
    )
  }

  private var variables: [String] {
    if let environment { return environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)" } }
    var list: [String] = []
    var at = environ
    while let entry = at.pointee {
      list.append(String(cString: entry))
      at += 1
    }
    return list
  }

  /// The program as a path.
  private var located: String? {
    if program.contains("/") { return program }
    let path = environment?["PATH"] ?? getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
  }
}

/// One end of a pipe, or another descriptor of this process; closed when it goes out of use.
struct PipeEnd: ~Copyable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { _ = cl_close(number) }

  struct Pair: ~Copyable {
    let read: PipeEnd
    let write: PipeEnd

    consuming func takeRead() -> PipeEnd { read }
    consuming func takeWrite() -> PipeEnd { write }
  }

  static func pair() throws(SessionError) -> Pair {
    var ends: [Int32] = [-1, -1]
    try check(cl_pipe(&ends), "make a pipe")
    return Pair(read: PipeEnd(ends[0]), write: PipeEnd(ends[1]))
  }

  static func check(_ result: Int32, _ what: String) throws(SessionError) {
    guard result >= 0 else { throw .notStarted("\(what): \(reason(-result))") }
  }

  static func reason(_ error: Int32) -> String { String(cString: strerror(error)) }
}
