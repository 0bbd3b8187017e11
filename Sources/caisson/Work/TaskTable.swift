import Foundation
import Policy
import WorkWire

/// The table of `caisson tasks`: children stand below who gave them their work.
struct TaskTable {
  let assignments: [AssignmentView]
  /// Microseconds since 1970.
  let now: Int64

  private struct Line {
    let assignment: AssignmentView
    let depth: Int
  }

  func text(width: Int?, colour: Bool) -> String {
    let ordered = ordered
    let rows = ordered.map(cells)
    let table = TextTable(titles: ["TASK", "STATE", "AGE", "COST", "WHAT"], rows: rows)
      .text(width: width, colour: colour)
    guard colour else { return table }
    let paint = Paint(isOn: true)
    let lines = table.components(separatedBy: "\n")
    return zip([nil] + ordered.map(Optional.some), lines).map { line, text in
      line.map { AssignmentText.colour($0.assignment.state, paint)(text) } ?? text
    }.joined(separator: "\n")
  }

  private func cells(_ line: Line) -> [String] {
    let assignment = line.assignment
    let state =
      assignment.questions > 0 && assignment.state == "waiting" ? "asks you" : assignment.state
    return [
      String(repeating: "  ", count: line.depth) + assignment.id.printable, state.printable,
      RunTable.age(microseconds: now - assignment.created),
      Money(picoDollars: assignment.spent).text,
      (assignment.name.map { "\($0): " } ?? "") + assignment.text.brief(400),
    ]
  }

  private var ordered: [Line] {
    let known = Set(assignments.map(\.id))
    let children = Dictionary(grouping: assignments.filter { $0.parent != nil }) { $0.parent ?? "" }
    var lines: [Line] = []
    func add(_ assignment: AssignmentView, _ depth: Int) {
      lines.append(Line(assignment: assignment, depth: depth))
      // Lists of the daemon are the newest first; the first that was given is read first.
      for child in (children[assignment.id] ?? []).reversed() where depth < 8 {
        add(child, depth + 1)
      }
    }
    for assignment in assignments where !(assignment.parent.map(known.contains) ?? false) {
      add(assignment, 0)
    }
    return lines
  }
}
