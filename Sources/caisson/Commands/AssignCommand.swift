import ArgumentParser
import Foundation
import Policy
import WorkWire

/// `caisson assign`: work, given in a sentence.
struct AssignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assign",
    abstract: "Gives an agent work, and shows how it goes on.",
    discussion: """
      The agent works sealed, on a copy-on-write view of the directory; what it changed is shown by \
      'caisson diff' and taken by 'caisson apply'. Ctrl-C leaves it to itself. Where no daemon is \
      up, one is started in the background.

      Example:
        caisson assign "make the tests pass" --budget 2.00
        caisson assign - --detach < task.md
        caisson assign "look for outdated packages" --every 24h --at 06:00
        caisson assign "port the parsers to the new reader" --parallel 4
        caisson assign --plan plan.yaml --budget 5.00

      Exit status: 0 done, 1 failed, stopped or parked, 3 it waits for a person, 125 Caisson \
      failed, 126 the policy cannot be kept.
      """
  )

  @Argument(
    help: "What is to be done; '-' reads it from standard input. A plan says it itself."
  )
  var text: String?

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp("The workspace; the current directory by default.", valueName: "dir"),
    completion: .directory
  )
  var directory: String?

  @Option(
    help: "The agent: caisson, or one that 'caisson agents' lists.",
    completion: .list(["caisson", "mini-swe-agent", "aider"])
  )
  var agent: String?

  @Option(
    help: "The model, as the gateway knows it; 'default', or the only one, by default."
  )
  var model: String?

  @Option(help: ArgumentHelp("What it may spend on models, in US dollars.", valueName: "2.00"))
  var budget: String?

  @Option(
    help: ArgumentHelp(
      "A policy file, or the name of a profile: \(Profile.names.joined(separator: ", ")).",
      valueName: "file"
    ),
    completion: .file()
  )
  var policy = "default"

  @Option(
    help: ArgumentHelp(
      "How the agent sees the workspace: overlay, branch (of a git repository), direct or none; the policy says by default.",
      valueName: "mode"
    ),
    completion: .list(["overlay", "branch", "direct", "none"])
  )
  var workspace: String?

  @Flag(help: "Print its name and return at once.")
  var detach = false

  @Option(
    help: ArgumentHelp("Not before: 18:30, '2026-11-22 08:00', or 2h from now.", valueName: "time")
  )
  var at: String?

  @Option(help: ArgumentHelp("Give it again and again, as in 24h.", valueName: "duration"))
  var every: String?

  @Option(
    help: ArgumentHelp(
      "How long a question waits for an answer, as in 8h; for ever by default.",
      valueName: "duration"
    )
  )
  var patience: String?

  @Option(help: ArgumentHelp("Answers of the model at most.", valueName: "number"))
  var turns: Int?

  @Option(
    help: ArgumentHelp(
      "Let the agent give parts of it to so many others at a time, each on a branch of its own; what they do is merged into its.",
      valueName: "1…16"
    )
  )
  var parallel: Int?

  @Option(
    help: ArgumentHelp("A plan: tasks for several agents, and their order.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"])
  )
  var plan: String?

  @Flag(help: "Of a plan: print its order, and give nothing.")
  var check = false

  @Flag(help: "Print JSON: the assignment, its steps, the assignment at its end; one a line.")
  var json = false

  func validate() throws {
    if plan == nil, text?.isEmpty ?? true { throw ValidationError("say what is to be done") }
    if plan != nil, parallel != nil || agent != nil || turns != nil {
      throw ValidationError(
        "a plan says itself who does what: leave out --parallel, --agent, --turns"
      )
    }
    if check, plan == nil { throw ValidationError("--check is for a plan: name it with --plan") }
    if let parallel, !(1...PlanDocument.mostAtOnce).contains(parallel) {
      throw ValidationError("--parallel is 1 to \(PlanDocument.mostAtOnce)")
    }
    if plan != nil || parallel != nil, let workspace, workspace != "branch" {
      throw ValidationError("agents that work for one another have branches: --workspace branch")
    }
    if let turns, !(1...10_000).contains(turns) {
      throw ValidationError("--turns is 1 to 10000")
    }
  }

  func run() throws {
    try reportingWork {
      if check { return try show() }
      let home = try Home.current()
      let order = try order(home)
      let client = try DaemonStart.client(home)
      if every != nil {
        try schedule(order, client)
      } else {
        try give(order, client)
      }
    }
  }

  /// Says what would be done.
  private func show() throws {
    guard let plan else { return }
    let source = try PlanSource(plan)
    let problems = try source.problems(within: PolicySource.load(policy))
    guard problems.isEmpty else {
      throw WorkProblem(.unsupported, problems.joined(separator: "\n"))
    }
    if json {
      print(try JSONText.encode(source.check))
    } else {
      for line in source.lines { print(line) }
    }
  }

  private func schedule(_ order: AssignmentOrder, _ client: DaemonClient) throws {
    let schedule: ScheduleView = try client.post("/v1/schedules", order)
    if json {
      print(try JSONText.encode(schedule))
      return
    }
    let due = schedule.due.map { ", first at \(Timestamp.local(microseconds: $0))" } ?? ""
    print("schedule \(schedule.id)\(due)")
    print("  see: caisson tasks --schedules   end: caisson tasks --remove-schedule \(schedule.id)")
  }

  private func give(_ order: AssignmentOrder, _ client: DaemonClient) throws {
    let made: AssignmentView = try client.post("/v1/assignments", order)
    if json { print(try JSONText.encode(made)) }
    let isLater = made.wake.map { $0 > Clock.now() + 1_000_000 } ?? false
    if detach || isLater {
      if json { return }
      print(made.id)
      if let wake = made.wake, isLater {
        complain("it begins at \(Timestamp.local(microseconds: wake))")
      }
      return
    }
    if !json {
      complain("\(made.id) is given; Ctrl-C leaves it to itself")
    }
    var follower = LogFollower(client, made.id, json: json)
    let view = try follower.follow(until: .endOrQuestion)
    if json {
      print(try JSONText.encode(view.assignment))
    } else {
      for line in AssignmentText.end(view.assignment, .stdout) { print(line) }
    }
    throw WorkStatus.code(of: view.assignment)
  }

  // MARK: What is ordered

  private func order(_ home: Home) throws -> AssignmentOrder {
    let plan = try plan.map { try PlanSource($0) }
    var work = WorkOrder(text: try task() ?? plan?.title ?? "")
    work.directory = directory
    work.agent = agent
    work.model = model
    work.budget = try budget.map(WorkOrder.money)
    work.policy = policy
    work.workspace = workspace
    work.turns = turns
    work.parallel = parallel
    work.plan = plan
    var order = try work.resolved(home)
    order.patience = try patience.map(Self.seconds)
    order.every = try every.map(Self.seconds)
    if let at { order.start = try PointInTime.parse(at, now: Date()) }
    return order
  }

  private func task() throws -> String? {
    guard text == "-" else { return text }
    let data = try FileHandle.standardInput.read(upToCount: 100_001) ?? Data()
    guard let read = String(data: data, encoding: .utf8) else {
      throw WorkProblem(.invalid, "what stands on standard input is no UTF-8 text")
    }
    return read
  }

  private static func seconds(_ text: String) throws(ValueProblem) -> Int64 {
    max(1, Int64(try Limits.seconds(parsing: text).rounded(.up)))
  }
}
