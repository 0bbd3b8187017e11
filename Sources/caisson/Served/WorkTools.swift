import Dialects
import Foundation
import MCP
import Policy
import Sandbox
import SystemPackage
import WorkWire

/// Caisson's own tools, for other programs and the models in them.
///
/// What is offered never answers a question of an assignment: whoever gives work through here is a
/// model, and a model that could say yes to itself would make every approval of a policy worth nothing.
struct WorkTools: Sendable {
  /// What the person who started the server allows.
  struct Limits: Sendable {
    var policy = "default"
    var agent: String?
    var model: String?
    var workspace: String?
    /// What one assignment may cost at most.
    var budget: Money
    /// What was given, and what all of it may cost.
    var purse: ServedPurse
    /// Assignments under way at a time.
    var mostUnderWay = 8
    /// Whether changes may be taken into the workspace from here.
    var allowsApply = false
  }

  let home: Home
  let places: ServedPlaces
  let limits: Limits
  /// One is given after the other, so that two do not both find the last free place.
  let giving = SerialWork(label: "giving")

  static let longestName = 64
  static let longestTask = 100_000

  var client: DaemonClient { DaemonClient(home: home) }

  var all: [ServedTool] {
    [assign, wait, tasks, show, logs, questions, diff, bill, stop, resume]
      + (limits.allowsApply ? [apply] : [])
  }

  // MARK: What every tool does alike

  func tool(
    _ definition: ToolDefinition,
    _ keys: [String],
    _ answer: @escaping @Sendable (ToolInput) throws -> ToolAnswer
  ) -> ServedTool {
    ServedTool(definition) { arguments in
      do {
        let input = try ToolInput(arguments, keys)
        return try await offThread { try answer(input) }
      } catch {
        return .error(reason(error))
      }
    }
  }

  func answer(_ text: String, _ value: some Encodable) throws -> ToolAnswer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    return ToolAnswer([.text(text)], structured: try RawJSON(parsing: json))
  }

  /// The assignment that is named, if it was given from here and may be changed from here.
  func findOwn(_ input: ToolInput, else command: String) throws -> AssignmentView {
    let found = try find(input).assignment
    try limits.purse.checkOwn(found, else: command)
    return found
  }

  /// Refuses a run that works elsewhere than may be seen from here, whatever its assignment says: a
  /// link may have taken its directory's place.
  func checkPlace(of id: String) throws {
    let file = home.runs.appending(id).appending("workspace.json").string
    // One that has not begun holds nothing, which the commands say themselves.
    guard let data = FileManager.default.contents(atPath: file) else { return }
    let lower = try JSONDecoder().decode(WorkspaceRecord.self, from: data).lower.string
    guard (try? places.resolve(lower)) == lower else {
      throw WorkProblem(.forbidden, "\(id) worked outside of what is served here")
    }
  }

  /// The assignment that is named, if it is one that may be seen from here.
  func find(_ input: ToolInput) throws -> AssignmentDetail {
    guard let name = try input.text("id", atMost: Self.longestName) else {
      throw WorkProblem(.invalid, "id is missing: name an assignment")
    }
    let unknown = WorkProblem(
      .unknown,
      "there is no assignment '\(name.printable)' here; see tasks"
    )
    // Nobody's newest: between two calls another one may have been given.
    guard name != "last", let checked = try? DaemonClient.name(name) else { throw unknown }
    let detail: AssignmentDetail
    do {
      detail = try client.get("/v1/assignments/\(checked)")
    } catch let problem as WorkProblem where problem.kind == .unknown || problem.kind == .invalid {
      throw unknown
    }
    // In the same words: what is elsewhere is not told.
    guard places.holds(detail.assignment.directory) else { throw unknown }
    return detail
  }
}

/// Work that is done one after the other.
final class SerialWork: Sendable {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func sync<Value>(_ body: () throws -> Value) rethrows -> Value { try queue.sync(execute: body) }
}
