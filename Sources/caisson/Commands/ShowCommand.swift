import ArgumentParser
import Foundation
import Policy
import WorkWire

/// `caisson show`: an assignment, whole.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows an assignment: its state, what it asks, what it did, what it cost.",
    discussion: """
      Example:
        caisson show last
        caisson show 1ng292r7dnkk --json
      """
  )

  @Argument(help: "An assignment: its name, the beginning of one, or 'last'.")
  var task: String

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    try reportingWork {
      let client = DaemonClient(home: try Home.current())
      let name = try DaemonClient.name(task)
      let detail: AssignmentDetail = try client.get("/v1/assignments/\(name)")
      let id = detail.assignment.id
      var steps: [StepView] = []
      while true {
        let page: StepsView = try client.get(
          "/v1/assignments/\(id)/steps",
          [("after", String(steps.last?.number ?? 0))]
        )
        steps += page.steps
        if !page.isCut { break }
      }
      if json {
        print(try JSONText.encode(DetailJSON(detail: detail, steps: steps)))
      } else {
        let text = DetailText(detail: detail, steps: steps, paint: .stdout)
        print(text.lines(now: Clock.now()).joined(separator: "\n"))
      }
    }
  }
}

/// What `caisson show --json` prints.
private struct DetailJSON: Encodable {
  let detail: AssignmentDetail
  let steps: [StepView]

  private enum Key: CodingKey { case steps }

  func encode(to encoder: any Encoder) throws {
    try detail.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(steps, forKey: .steps)
  }
}
