import ArgumentParser
import Foundation
import WorkWire

/// `caisson stop`: an end to an assignment and to those below it.
struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Stops an assignment and its agents.",
    discussion: """
      What was done stays, and 'caisson resume' lets it go on. A command that is under way is ended.

      Example:
        caisson stop last
      """
  )

  @Argument(help: "An assignment: its name, the beginning of one, or 'last'.")
  var task: String

  @Flag(help: "Print the assignment as a JSON object.")
  var json = false

  func run() throws {
    try reportingWork {
      let client = DaemonClient(home: try Home.current())
      let name = try DaemonClient.name(task)
      let assignment: AssignmentView = try client.post("/v1/assignments/\(name)/stop")
      if json {
        print(try JSONText.encode(assignment))
      } else {
        print("\(assignment.id): \(AssignmentText.state(assignment, .stdout))")
      }
    }
  }
}

/// `caisson resume`: lets one that ended too soon go on.
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Lets an assignment that was stopped, parked or failed go on.",
    discussion: """
      It goes on where it was: what is on record is not done again. Where no daemon is up, one is \
      started in the background.

      Example:
        caisson resume last
      """
  )

  @Argument(help: "An assignment: its name, the beginning of one, or 'last'.")
  var task: String

  @Flag(help: "Print the assignment as a JSON object.")
  var json = false

  func run() throws {
    try reportingWork {
      let client = try DaemonStart.client(try Home.current())
      let name = try DaemonClient.name(task)
      let assignment: AssignmentView = try client.post("/v1/assignments/\(name)/resume")
      if json {
        print(try JSONText.encode(assignment))
      } else {
        print("\(assignment.id): \(AssignmentText.state(assignment, .stdout))")
        print("  see: caisson logs -f \(assignment.id)")
      }
    }
  }
}
