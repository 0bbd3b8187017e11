internal import CLinux
import Foundation
import Glibc
import SystemPackage

/// One program of the attack suite: started in a session of its own, its output kept, ended when its
/// time is over.
struct AttackProcess {
  var arguments: [String]
  var environment: [String: String]
  /// Seconds; whoever needs longer is killed with its whole group.
  var patience: Double

  struct Result {
    /// As a shell has it: 128 and more for a signal.
    let status: Int32
    let output: String
    let timedOut: Bool
  }

  /// Runs to the end. Both outputs go to `file`, so that a process that the attack leaves behind
  /// cannot hold a pipe open.
  func run(outputTo file: FilePath) throws -> Result {
    let pid = try start(file)
    var status: Int32 = 0
    var timedOut = false
    let deadline = ContinuousClock.now + .seconds(patience)
    while true {
      let found = waitpid(pid, &status, timedOut ? 0 : WNOHANG)
      if found == pid || found < 0 { break }
      if ContinuousClock.now > deadline {
        timedOut = true
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
        continue
      }
      usleep(1000)
    }
    let bytes = (try? Data(contentsOf: URL(filePath: file.string))) ?? Data()
    return Result(
      status: status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F),
      output: String(decoding: bytes.prefix(1 << 16), as: UTF8.self),
      timedOut: timedOut
    )
  }

  private func start(_ file: FilePath) throws -> pid_t {
    let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
    let output = open(file.string, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer {
      close(null)
      close(output)
    }
    var words = arguments.map { strdup($0) } + [nil]
    var names = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + names { free(text) } }
    let pid = cl_spawn(arguments[0], &words, &names, [null, output, output], 3)
    guard pid > 0 else { throw AttackSuiteError.cannotStart(arguments[0], Errno(rawValue: -pid)) }
    return pid
  }
}

/// Why the suite itself could not go on.
enum AttackSuiteError: Error, CustomStringConvertible {
  case noProgram(String)
  case cannotStart(String, Errno)
  case unreadableList(String)
  case unknown(String)
  case cannotPrepare(String, String)

  var description: String {
    switch self {
    case .noProgram(let path):
      "the attack suite is not installed at \(path); build it with: swift build --product "
        + "caisson-attack"
    case .cannotStart(let path, let error): "cannot start \(path): \(error)"
    case .unreadableList(let text):
      "caisson-attack --list printed what this caisson does not read (\(text)); rebuild both"
    case .unknown(let name):
      "no attack is called '\(name)'; see the names with: caisson-attack --list"
    case .cannotPrepare(let name, let output): "cannot prepare the attack \(name): \(output)"
    }
  }
}
