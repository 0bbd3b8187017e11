import ArgumentParser
import Foundation
import Glibc
import Journal
import Policy
import Sandbox

/// `caisson revoke`: takes a running run's network away.
struct RevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Takes the network, or some hosts of it, from a run that goes on.",
    discussion: """
      Connections to what is revoked are closed at once, secrets bound there are not used any more, \
      and nothing brings a grant back. The run itself goes on; Ctrl-C or a signal ends it.

      Example:
        caisson revoke last
        caisson revoke 1ng2dvebf3qs --host api.example.com
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its name, the beginning of one, or 'last'.",
      valueName: "run"
    )
  )
  var named: String

  @Option(help: "Revoke this host alone, as the policy writes it; may be repeated.")
  var host: [String] = []

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    try reportingFailures {
      let home = try Home.current()
      let journal = try home.journal()
      let id = try journal.resolve(named)
      guard let run = try journal.run(id) else { throw Failure.notFound(id) }
      guard run.state == .running, !SupervisorWatch().isGone(run.started) else {
        throw Failure.over(id)
      }
      let granted = try Revocation.hosts(of: id, home: home)
      guard !granted.isEmpty else { throw Failure.noNetwork(id) }
      for name in host where !granted.contains(name) { throw Failure.notGranted(name, granted) }
      try Revocation.request(host, run: id, home: home)
      guard kill(run.started.pid, SIGUSR1) == 0 else { throw Failure.unreachable(id) }
      let gone = host.isEmpty ? granted : host
      if json {
        print(try JSONText.encode(Report(run: id, revoked: gone)))
      } else {
        print("revoked from run \(id): \(gone.joined(separator: ", "))")
      }
    }
  }

  private struct Report: Encodable {
    var run: String
    var revoked: [String]
  }

  private enum Failure: Error, CustomStringConvertible {
    case notFound(String), over(String), noNetwork(String), notGranted(String, [String])
    case unreachable(String)

    var description: String {
      switch self {
      case .notFound(let run): "there is no run \(run); see: caisson runs"
      case .over(let run): "run \(run) is over and has no network any more"
      case .noNetwork(let run): "run \(run) has no network that could be revoked"
      case .notGranted(let host, let granted):
        "'\(host)' is no entry of the run's policy; there are: \(granted.joined(separator: ", "))"
      case .unreachable(let run):
        "run \(run) belongs to another user; revoke it as the one who started it"
      }
    }
  }
}
