import Foundation
import Journal
import Policy

/// A bill as a person, a spreadsheet or a program reads it.
struct BillText {
  let bill: Bill
  let grouping: Bill.Grouping
  let unknowns: [CallRecord]

  func table(width: Int?, colour: Bool) -> String {
    var rows = bill.lines.map { row(name(of: $0), $0) }
    if bill.lines.count != 1 { rows.append(row("total", bill.total)) }
    let titles = [grouping.rawValue.uppercased(), "CALLS", "IN", "OUT", "COST"]
    var text = TextTable(titles: titles, rows: rows).text(width: width, colour: colour)
    if !unknowns.isEmpty {
      text += "\n\nNobody knows whether these were billed; each counts at its ceiling:\n"
      let rows = unknowns.map { call in
        [
          "\(call.id)", Timestamp.local(microseconds: call.started), call.run?.printable ?? "",
          "\(call.provider)/\(call.model)".printable, Money(picoDollars: call.charged).text,
          call.outcome?.printable ?? "",
        ]
      }
      let titles = ["CALL", "RESERVED AT", "RUN", "MODEL", "COST", "WHY"]
      text += TextTable(titles: titles, rows: rows).text(width: width, colour: colour)
    }
    if bill.callsUnderWay > 0 {
      let money = Money(picoDollars: bill.reserved).text
      text += "\n\n\(bill.callsUnderWay) under way, for which \(money) are held back"
    }
    return text
  }

  private func row(_ name: String, _ line: Bill.Line) -> [String] {
    let read = line.used[.input] + line.used[.cacheRead] + line.used[.cacheWrite]
    let prompt = read + line.used[.cacheWriteHour] + line.used[.audioInput]
    let answer = line.used[.output] + line.used[.reasoning] + line.used[.audioOutput]
    return [
      name, "\(line.calls)", "\(prompt)", "\(answer)", Money(picoDollars: line.charged).text,
    ]
  }

  private func name(of line: Bill.Line) -> String {
    line.name?.printable ?? "(none)"
  }

  var csv: String {
    let kinds = CallUsage.Kind.allCases
    let titles =
      [grouping.rawValue, "calls", "usd", "picodollars", "unknown_calls", "unknown_picodollars"]
      + kinds.map(\.rawValue)
    let lines = bill.lines.map { line in
      let usd = Money(picoDollars: line.charged).text.dropLast(" USD".count)
      return [
        Self.field(line.name ?? ""), "\(line.calls)", String(usd), "\(line.charged)",
        "\(line.unknownCalls)", "\(line.unknownCharged)",
      ] + kinds.map { "\(line.used[$0])" }
    }
    return ([titles] + lines).map { $0.joined(separator: ",") }.joined(separator: "\n")
  }

  /// Quoted where it must be; a beginning that a spreadsheet would compute is made text.
  private static func field(_ text: String) -> String {
    let safe = text.first.map { "=+-@\t".contains($0) } == true ? "'\(text)" : text
    guard safe.contains(where: { ",\"\n\r".contains($0) }) else { return safe.printable }
    return "\"\(safe.printable.replacing("\"", with: "\"\""))\""
  }

  func json() throws -> String {
    try JSONText.encode(BillJSON(bill, grouping: grouping, unknowns: unknowns))
  }
}

/// What `caisson bill --json` prints; amounts are pico-dollars (10⁻¹² USD).
private struct BillJSON: Encodable {
  struct Line: Encodable {
    let name: String?
    let calls: Int64
    let charged: Int64
    let unknownCalls: Int64
    let unknownCharged: Int64
    let used: CallUsage

    init(_ line: Bill.Line) {
      name = line.name
      calls = line.calls
      charged = line.charged
      unknownCalls = line.unknownCalls
      unknownCharged = line.unknownCharged
      used = line.used
    }
  }

  struct Unknown: Encodable {
    let call: Int64
    let run: String?
    let key: String?
    let account: String?
    let model: String
    let provider: String
    let charged: Int64
    let outcome: String?
    let started: String
  }

  let by: String
  let lines: [Line]
  let total: Line
  let unknowns: [Unknown]
  let callsUnderWay: Int64
  let reserved: Int64

  init(_ bill: Bill, grouping: Bill.Grouping, unknowns: [CallRecord]) {
    by = grouping.rawValue
    lines = bill.lines.map { Line($0) }
    total = Line(bill.total)
    self.unknowns = unknowns.map { call in
      Unknown(
        call: call.id.number,
        run: call.run,
        key: call.key,
        account: call.account,
        model: call.model,
        provider: call.provider,
        charged: call.charged,
        outcome: call.outcome,
        started: Timestamp.text(microseconds: call.started)
      )
    }
    callsUnderWay = bill.callsUnderWay
    reserved = bill.reserved
  }
}
