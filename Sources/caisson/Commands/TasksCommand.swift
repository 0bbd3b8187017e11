import ArgumentParser
import Foundation
import WorkWire

/// `caisson tasks`: what agents were given to do.
struct TasksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tasks",
    abstract: "Lists assignments: those under way, and the newest of the others.",
    discussion: """
      The state is queued, running, waiting (asks you, where it waits for your answer), done, \
      failed, stopped, or parked: set aside until somebody resumes it.

      Example:
        caisson tasks
        caisson tasks --schedules
      """
  )

  @Flag(help: "All, not just those under way and the newest.")
  var all = false

  @Flag(help: "List what is given again and again instead.")
  var schedules = false

  @Option(help: ArgumentHelp("Give it no more.", valueName: "schedule"))
  var removeSchedule: String?

  @Flag(help: "Print an array of JSON objects.")
  var json = false

  func run() throws {
    try reportingWork {
      let client = DaemonClient(home: try Home.current())
      if let removeSchedule {
        try client.delete("/v1/schedules/\(try DaemonClient.name(removeSchedule))")
        if !schedules { return }
      }
      if schedules {
        try listSchedules(client)
      } else {
        try list(client)
      }
    }
  }

  private func list(_ client: DaemonClient) throws {
    var found: [AssignmentView] = try client.get(
      "/v1/assignments",
      [("limit", all ? "10000" : "30")]
    )
    if !all {
      let working: [AssignmentView] = try client.get(
        "/v1/assignments",
        [("state", "queued,running,waiting"), ("limit", "1000")]
      )
      let known = Set(found.map(\.id))
      found += working.filter { !known.contains($0.id) }
    }
    if json {
      print(try WorkJSON.array(found))
    } else if found.isEmpty {
      complain("nothing was given yet; give work with: caisson assign \"…\"")
    } else {
      let table = TaskTable(assignments: found, now: Clock.now())
      print(table.text(width: TerminalGlimpse.width, colour: TerminalGlimpse.hasColour))
      if let why = found.lazy.compactMap(\.standstill).first { complain("work \(why.printable)") }
    }
  }

  private func listSchedules(_ client: DaemonClient) throws {
    let found: [ScheduleView] = try client.get("/v1/schedules")
    if json {
      print(try WorkJSON.array(found))
      return
    }
    if found.isEmpty {
      complain("there are no schedules; make one with: caisson assign \"…\" --every 24h")
      return
    }
    let rows = found.map { schedule in
      [
        schedule.id.printable,
        schedule.every.map { RunTable.duration(seconds: Double($0) / 1_000_000) } ?? "once",
        schedule.due.map { Timestamp.local(microseconds: $0) } ?? "over",
        schedule.directory.printable, schedule.text.brief(400),
      ]
    }
    let table = TextTable(titles: ["SCHEDULE", "EVERY", "NEXT", "IN", "WHAT"], rows: rows)
    print(table.text(width: TerminalGlimpse.width, colour: TerminalGlimpse.hasColour))
  }
}

/// Lists of the daemon as commands print them.
enum WorkJSON {
  static func array(_ values: [some Encodable]) throws -> String {
    let lines = try values.map { try JSONText.encode($0) }
    return lines.isEmpty ? "[]" : "[\n  \(lines.joined(separator: ",\n  "))\n]"
  }
}
