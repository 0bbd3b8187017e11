import CLinux
import Foundation
import Glibc
import SystemPackage

/// Starts a daemon in the background, for commands that need one.
enum DaemonStart {
  private static let patience: Duration = .seconds(10)

  /// The daemon that is up, or one that is started now.
  static func client(_ home: Home) throws -> DaemonClient {
    let client = DaemonClient(home: home)
    if client.isUp { return client }
    try home.prepareState()
    let log = home.state.appending("daemon.log")
    let pid = try start(log)
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      if client.isUp {
        complain("a daemon was started in the background; its words are in \(log)")
        return client
      }
      // Another one may have been quicker: then this one ends, and that one answers soon.
      usleep(20_000)
    }
    _ = cl_kill(pid, SIGTERM)
    throw DaemonClientError.failed(
      "none came up within 10 s\(lastWords(log)); see \(log), or start one with: caisson up"
    )
  }

  private static func start(_ log: FilePath) throws -> Int32 {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    let output = open(log.string, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer {
      close(null)
      close(output)
    }
    guard null >= 0, output >= 0 else {
      throw DaemonClientError.failed("cannot write \(log): \(String(cString: strerror(errno)))")
    }
    let program = RunSession.ownPath("caisson")
    var words = [strdup(program), strdup("up"), nil]
    var names =
      ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in words + names { free(text) } }
    // In a session of its own, so that it outlives this terminal.
    let pid = cl_spawn(program, &words, &names, [null, output, output], 3)
    guard pid > 0 else {
      throw DaemonClientError.failed("\(program): \(String(cString: strerror(-pid)))")
    }
    return pid
  }

  private static func lastWords(_ log: FilePath) -> String {
    let text = FileManager.default.contents(atPath: log.string).map {
      String(decoding: $0.suffix(2_000), as: UTF8.self)
    }
    let last = text?.split(separator: "\n").last
    return last.map { ": \($0.printable)" } ?? ""
  }
}
