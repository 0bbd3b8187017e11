import Dialects
import Foundation
import MCP
import WorkWire

// What an assignment changed and what it cost, as Caisson's own commands tell it.
extension WorkTools {
  /// Bytes of a diff that one answer holds.
  static let largestDiff = 60_000
  static let mostFiles = 300

  var diff: ServedTool {
    tool(
      ToolDefinition(
        name: "diff",
        title: "What an assignment changed",
        description: """
          Shows what an assignment changed and what is not taken yet, as a unified diff, with the \
          digest that stands for exactly these changes. A long diff is cut: name paths to see the rest.
          """,
        inputSchema: ToolSchemas.object(
          [
            "id": ToolSchemas.text("An assignment."),
            "paths": ToolSchemas.texts(
              "Only these paths of the directory, and what lies beneath them."
            ),
          ],
          required: ["id"]
        ),
        outputSchema: ToolSchemas.diff,
        annotations: ToolSchemas.reads
      ),
      ["id", "paths"],
      difference
    )
  }

  private func difference(_ input: ToolInput) throws -> ToolAnswer {
    struct Difference: Encodable {
      let digest: String
      let added: Int64
      let modified: Int64
      let deleted: Int64
      let files: [JSONValue]
      let filesLeftOut: Int
      let diff: String
      let isCut: Bool
    }
    let assignment = try find(input).assignment
    let paths = try input.texts("paths", atMost: 100)
    try checkPlace(of: assignment.id)
    let words = ["--", assignment.id] + paths
    let listed = try OwnProgram(arguments: ["diff", "--json"] + words, mostOutput: 16 << 20).run()
    guard listed.status == 0, !listed.isCut else { return .error(Self.complaint(listed)) }
    let list = try JSONDecoder().decode(JSONValue.self, from: Data(listed.output.utf8))
    let text = try OwnProgram(arguments: ["diff"] + words, mostOutput: Self.largestDiff).run()
    guard text.status == 0 || text.isCut else { return .error(Self.complaint(text)) }
    let files = list["changes"]?.elements ?? []
    let value = Difference(
      digest: list["digest"]?.string ?? "",
      added: list["added"]?.int ?? 0,
      modified: list["modified"]?.int ?? 0,
      deleted: list["deleted"]?.int ?? 0,
      files: Array(files.prefix(Self.mostFiles)),
      filesLeftOut: max(0, files.count - Self.mostFiles),
      diff: text.output,
      isCut: text.isCut
    )
    let isRunning = assignment.isOver ? "" : "It is still at work: this may grow.\n"
    let shown =
      text.output.isEmpty
      ? "It holds no changes."
      : text.output + (text.isCut ? "\n(cut here; name paths to see the rest)" : "")
        + "\ndigest \(value.digest)"
    return try answer(isRunning + shown, value)
  }

  var bill: ServedTool {
    tool(
      ToolDefinition(
        name: "bill",
        title: "What an assignment cost",
        description: "What the model calls of an assignment and its agents have cost, by model.",
        inputSchema: ToolSchemas.named,
        outputSchema: ToolSchemas.bill,
        annotations: ToolSchemas.reads
      ),
      ["id"]
    ) { input in
      struct Cost: Encodable {
        let id: String
        let spent: String
        let reserved: String
        let budget: String?
        let text: String
      }
      let view = try find(input).assignment
      let table = try OwnProgram(arguments: ["bill", "--", view.id], mostOutput: 32 << 10).run()
      // One that has called no model yet is on no ledger.
      let text = table.status == 0 ? table.output : "There are no calls yet.\n"
      let served = ServedAssignment(view)
      return try answer(
        text,
        Cost(
          id: view.id,
          spent: served.spent,
          reserved: ServedAssignment.money(view.reserved),
          budget: served.budget,
          text: text
        )
      )
    }
  }

  /// What a command of our own said when it failed.
  static func complaint(_ result: OwnProgram.Result) -> String {
    let text = result.errors.isEmpty ? "it ended with status \(result.status)" : result.errors
    return text.cut(4_000)
  }
}
