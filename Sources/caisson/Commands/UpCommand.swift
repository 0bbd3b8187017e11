import ArgumentParser
import CLinux
import Foundation
import Glibc
import SystemPackage

struct UpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Keeps assignments going: the gateway, workers, schedules and notices.",
    discussion: """
      Stays in the foreground until SIGTERM or Ctrl-C, which lets steps under way end. Whatever ends \
      it otherwise, nothing is lost: the next one goes on where the journal says.

      Example:
        caisson up
        caisson up --workers 4 --notify 'mail -s caisson me@example.com'

      Exit status: 0 stopped, 125 it could not start.
      """
  )

  @Option(help: "Processes that work on assignments.")
  var workers = 2

  @Option(help: "Assignments that one worker has in hand at a time.")
  var slots = 64

  @Option(
    help: ArgumentHelp(
      "A shell command that is given each notice as JSON on its standard input.",
      valueName: "command"
    )
  )
  var notify: String?

  @Flag(help: "Keep no gateway: one runs already, or no agent calls models.")
  var noGateway = false

  func validate() throws {
    guard (1...64).contains(workers) else { throw ValidationError("--workers is 1 to 64") }
    guard (1...1024).contains(slots) else { throw ValidationError("--slots is 1 to 1024") }
  }

  func run() throws {
    try ModelsCommand.reporting {
      let home = try Home.current()
      try home.prepareState()
      try Home.prepare(home.runtime)
      var setup = DaemonSetup(home: home)
      setup.workers = workers
      setup.slots = slots
      setup.notify = notify
      setup.hasGateway = !noGateway
      try setup.become()
    }
  }
}

/// What `caisson-daemon` is told, by the names that it reads.
struct DaemonSetup: Encodable {
  let state, config, runtime, program: String
  let environment: [String]
  var workers = 2
  var slots = 64
  var hasGateway = true
  var notify: String?

  init(home: Home) {
    state = home.state.string
    config = home.config.string
    runtime = home.runtime.string
    program = RunSession.ownPath("caisson")
    environment = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }.sorted()
  }

  /// Becomes the daemon: the process keeps its number.
  func become() throws -> Never {
    let path = RunSession.ownPath("caisson-daemon")
    let bytes = Array(try JSONEncoder().encode(self))
    let memory = cl_sealed_memory("caisson-daemon", bytes, bytes.count)
    guard memory >= 0, dup2(memory, 3) == 3, fcntl(3, F_SETFD, 0) == 0 else {
      throw GatewayError.unstartable(path, reason: "no memory file can be made")
    }
    let names = environment.map { strdup($0) } + [nil]
    let result = cl_execve(path, [strdup(path), nil], names)
    throw GatewayError.unstartable(
      path,
      reason: String(cString: strerror(-result)) + "; build it with: ./caisson --version"
    )
  }
}
