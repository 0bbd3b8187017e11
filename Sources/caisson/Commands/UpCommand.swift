import ArgumentParser
import CLinux
import Catalogue
import Foundation
import Glibc
import Policy
import SystemPackage

struct UpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Keeps assignments going: the gateway, workers, schedules and notices.",
    discussion: """
      Stays in the foreground until SIGTERM or Ctrl-C, which lets steps under way end. Whatever ends \
      it otherwise, nothing is lost: the next one goes on where the journal says.

      It is asked on a socket that its user alone can open; with --listen also on a port, where each \
      request bears the token that lies in daemon.token of the state directory.

      Example:
        caisson up
        caisson up --workers 4 --notify 'mail -s caisson me@example.com'
        caisson up --install

      Exit status: 0 stopped, 125 it could not start.
      """
  )

  @OptionGroup var options: UpOptions

  @Flag(
    help: "Write a unit of systemd that keeps it up with these options, and say how to enable it."
  )
  var install = false

  @Flag(help: "End the daemon that is up; steps under way have half a minute.")
  var stop = false

  func validate() throws {
    if install && stop { throw ValidationError("--install and --stop exclude each other") }
  }

  func run() throws {
    try reportingWork {
      let home = try Home.current()
      if stop { return try DaemonStop(home: home).run() }
      let listen = try options.address()
      if install { return try UserUnit(home: home, arguments: options.arguments).install() }
      try home.prepareState()
      try Home.prepare(home.runtime)
      var setup = DaemonSetup(home: home)
      setup.workers = options.workers
      setup.slots = options.slots
      setup.notify = options.notify
      setup.webhook = options.webhook
      setup.journal = options.journal ?? ProcessInfo.processInfo.environment["CAISSON_JOURNAL"]
      setup.hasGateway = !options.noGateway
      setup.listen = listen.map { address in
        // Brackets are how an address of version 6 is written, not a part of it.
        let host = address.host.filter { !"[]".contains($0) }
        return DaemonSetup.Listen(host: host, port: address.port)
      }
      try setup.become()
    }
  }
}

struct UpOptions: ParsableArguments {
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

  @Option(
    help: ArgumentHelp(
      "An address that each notice is sent to as JSON, by curl in a sealed run.",
      valueName: "url"
    )
  )
  var webhook: String?

  @Option(
    help: ArgumentHelp(
      "Be asked on a port, too, by those who bear daemon.token; port 0 is any.",
      valueName: "host:port"
    )
  )
  var listen: String?

  @Flag(
    help:
      "Let --listen name an address that other machines reach. What is said there is not encrypted."
  )
  var expose = false

  @Option(
    help: ArgumentHelp(
      "The PostgreSQL server that keeps assignments, for several machines; CAISSON_JOURNAL by default.",
      valueName: "url"
    )
  )
  var journal: String?

  @Flag(help: "Keep no gateway: one runs already, or no agent calls models.")
  var noGateway = false

  func validate() throws {
    guard (1...64).contains(workers) else { throw ValidationError("--workers is 1 to 64") }
    guard (1...1024).contains(slots) else { throw ValidationError("--slots is 1 to 1024") }
    if notify != nil && webhook != nil {
      throw ValidationError("--notify and --webhook exclude each other")
    }
    if expose && listen == nil { throw ValidationError("--expose belongs to --listen") }
  }

  func address() throws(ValueProblem) -> ListenAddress? {
    guard let listen else { return nil }
    return try ListenAddress(parsing: listen, isExposed: expose)
  }

  /// As they would be written again.
  var arguments: [String] {
    var words = ["up", "--workers", "\(workers)", "--slots", "\(slots)"]
    for (name, value) in [
      ("--notify", notify), ("--webhook", webhook), ("--listen", listen), ("--journal", journal),
    ] {
      if let value { words += [name, value] }
    }
    if expose { words.append("--expose") }
    if noGateway { words.append("--no-gateway") }
    return words
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
  var webhook: String?
  var journal: String?
  var listen: Listen?

  struct Listen: Encodable {
    let host: String
    let port: Int
  }

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
