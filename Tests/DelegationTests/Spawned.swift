import CLinux
import Foundation
import Glibc

/// A process of a test. (`Foundation.Process` was seen to wait for ever for one that had ended.)
final class Spawned {
  struct Failure: Error {
    let program: String
    let error: Int32
  }

  let pid: Int32
  private var status: Int32?

  /// - Parameters:
  ///   - input: a file that is read, or a named pipe that somebody holds for writing.
  ///   - output, errors: files that are appended to.
  init(
    _ program: String,
    _ arguments: [String],
    environment: [String: String],
    input: String = "/dev/null",
    output: String = "/dev/null",
    errors: String = "/dev/null"
  ) throws {
    let input = Glibc.open(input, O_RDONLY | O_CLOEXEC)
    let mode = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
    let (out, err) = (Glibc.open(output, mode, 0o600), Glibc.open(errors, mode, 0o600))
    defer { for descriptor in [input, out, err] { Glibc.close(descriptor) } }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var names = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in words + names { free(text) } }
    pid = cl_spawn(program, &words, &names, [input, out, err], 3)
    guard pid > 0 else { throw Failure(program: program, error: -pid) }
  }

  func signal(_ number: Int32) { if status == nil { kill(pid, number) } }

  /// Its exit status, or 128 and its signal.
  @discardableResult
  func wait() -> Int32 {
    while true { if let status = look(waits: true) { return status } }
  }

  var hasEnded: Bool { look(waits: false) != nil }

  private func look(waits: Bool) -> Int32? {
    if let status { return status }
    var end = cl_exit_status()
    switch cl_wait(pid, waits ? 1 : 0, &end) {
    case 0, -EINTR: return nil
    case pid: status = end.signal > 0 ? 128 + end.signal : end.code
    default: status = -1
    }
    return status
  }

  deinit {
    signal(SIGKILL)
    wait()
  }
}
