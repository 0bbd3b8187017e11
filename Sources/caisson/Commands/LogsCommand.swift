import ArgumentParser
import Foundation
import WorkWire

/// `caisson logs`: what an agent said and did.
struct LogsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Shows what an agent said and did, and what came of it.",
    discussion: """
      Results of tools are shortened; 'caisson logs --json' and 'caisson audit TASK --json' have \
      all of them.

      Example:
        caisson logs last -f
      """
  )

  @Argument(help: "An assignment: its name, the beginning of one, or 'last'.")
  var task: String

  @Flag(name: .shortAndLong, help: "Go on until the assignment ends.")
  var follow = false

  @Flag(help: "Print a JSON object for each step, one a line, when it has ended.")
  var json = false

  func run() throws {
    try reportingWork {
      let client = DaemonClient(home: try Home.current())
      let name = try DaemonClient.name(task)
      let detail: AssignmentDetail = try client.get("/v1/assignments/\(name)")
      if !json {
        let text = detail.assignment.text.printableLines.joined(separator: "\n  ")
        print(Paint.stdout.bold("\(detail.assignment.id): ") + text)
      }
      var follower = LogFollower(client, detail.assignment.id, json: json)
      let view = try follower.follow(until: follow ? .end : .now)
      if json { return }
      for line in AssignmentText.end(view.assignment, .stdout) { print(line) }
    }
  }
}
