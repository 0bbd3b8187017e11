import CLinux
import Foundation
import Glibc

/// A command of Caisson's own, run as a process of its own: what it prints is kept, and never reaches
/// this one's standard output, which belongs to a protocol.
struct OwnProgram {
  struct Result {
    /// As a shell has it: 128 and more for a signal.
    let status: Int32
    let output: String
    let errors: String
    /// Whether it printed more than is kept.
    let isCut: Bool
  }

  let arguments: [String]
  /// Which of the programs that lie beside this one.
  var program = "caisson"
  /// Bytes of each output that are kept.
  var mostOutput = 1 << 20

  /// Nil for what is waited for however long it takes: half of an apply is worse than a late one.
  private var patience: Duration? { arguments.first == "apply" ? nil : .seconds(120) }
  /// For which one that takes too long may still tidy up.
  private static let grace: Duration = .seconds(5)

  /// Runs to the end, which whoever calls this waits for. One that takes too long is ended, if it may be.
  func run() throws -> Result {
    let program = RunSession.ownPath(program)
    // A closed pipe would end it, too.
    var output = try Pipe(mostOutput, reads: patience == nil)
    var errors = try Pipe(64 << 10, reads: true)
    let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var names = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    let pid = cl_spawn(program, &words, &names, [null, output.writing, errors.writing], 3)
    for text in words + names { free(text) }
    if null >= 0 { close(null) }
    output.closeWriting()
    errors.closeWriting()
    defer {
      output.closeReading()
      errors.closeReading()
    }
    guard pid > 0 else {
      throw DaemonClientError.failed("cannot start \(program): \(String(cString: strerror(-pid)))")
    }
    let ended = cl_pidfd_open(pid)
    defer { if ended >= 0 { close(ended) } }
    let end = patience.map { ContinuousClock.now + $0 }
    var isLate = false
    var status = cl_exit_status()
    while cl_wait(pid, 0, &status) == 0 {
      Self.listen(&output, &errors, ended, milliseconds: 1_000)
      guard let end, ContinuousClock.now > end else { continue }
      // It leads a session, and a group, of its own.
      _ = cl_kill(-pid, ContinuousClock.now > end + Self.grace ? SIGKILL : SIGTERM)
      isLate = true
    }
    // What it has said is all there; who it left behind is not waited for.
    for _ in 0..<64 where Self.listen(&output, &errors, -1, milliseconds: 0) {}
    return Result(
      status: status.signal > 0 ? 128 + status.signal : status.code,
      output: output.text,
      errors: errors.text + (isLate ? "it took too long, and was ended\n" : "")
        + interruption(status),
      isCut: output.isCut
    )
  }

  /// Whether there was anything to hear.
  @discardableResult
  private static func listen(
    _ output: inout Pipe,
    _ errors: inout Pipe,
    _ ended: Int32,
    milliseconds: Int32
  ) -> Bool {
    var waited = [output.reading, errors.reading, ended].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    guard poll(&waited, 3, milliseconds) > 0 else { return false }
    if waited[0].revents != 0 { output.receive() }
    if waited[1].revents != 0 { errors.receive() }
    return true
  }

  /// What there is to be done about an apply that did not come to its end.
  private func interruption(_ status: cl_exit_status) -> String {
    guard arguments.first == "apply", arguments.count > 1, status.signal > 0 else { return "" }
    return "it was interrupted (signal \(status.signal)): caisson apply \(arguments[1]) --recover\n"
  }

  /// One of its outputs. What is more than is kept closes it, which the program notices, or is read and
  /// forgotten.
  private struct Pipe {
    private let most: Int
    private let reads: Bool
    private var bytes = Data()
    private(set) var reading: Int32
    private(set) var writing: Int32
    private(set) var isCut = false

    init(_ most: Int, reads: Bool) throws {
      var ends: [Int32] = [-1, -1]
      guard cl_pipe(&ends) == 0 else { throw DaemonClientError.failed("no pipe can be made") }
      self.most = most
      self.reads = reads
      (reading, writing) = (ends[0], ends[1])
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func receive() {
      var piece = [UInt8](repeating: 0, count: 65_536)
      let count = read(reading, &piece, piece.count)
      if count < 0, errno == EINTR { return }
      guard count > 0 else { return closeReading() }
      bytes.append(contentsOf: piece[..<min(count, most - bytes.count)])
      guard bytes.count == most else { return }
      isCut = true
      if !reads { closeReading() }
    }

    mutating func closeReading() {
      if reading >= 0 { close(reading) }
      reading = -1
    }

    mutating func closeWriting() {
      if writing >= 0 { close(writing) }
      writing = -1
    }
  }
}
