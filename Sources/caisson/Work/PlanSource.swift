import Foundation
import Policy
import WorkWire

/// A plan as a person names it: its document, and the policies that its tasks name, which lie beside it.
struct PlanSource {
  let plan: PlanDocument
  let file: String
  private let document: String
  private var policies: [String: PolicyDocument] = [:]

  /// Bytes of a plan.
  private static let largest = 1 << 20

  init(_ path: String) throws {
    file = path
    let bytes: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: path))
      bytes = try handle.read(upToCount: Self.largest + 1) ?? Data()
    } catch {
      throw WorkProblem(.invalid, "cannot read the plan \(path): \(error.localizedDescription)")
    }
    guard bytes.count <= Self.largest, let text = String(data: bytes, encoding: .utf8) else {
      throw WorkProblem(.invalid, "the plan \(path) is no UTF-8 text of 1 MiB at most")
    }
    document = text
    do {
      plan = try PlanDocument.parse(text, file: path)
    } catch {
      throw WorkProblem(.invalid, "\(error)")
    }
    let place = URL(filePath: path).deletingLastPathComponent()
    for name in Set(plan.parts.compactMap(\.policy)) {
      let found =
        Profile.named(name) == nil
        ? URL(filePath: name, relativeTo: place).standardizedFileURL.path : name
      policies[name] = try PolicySource.load(found)
    }
  }

  /// As the daemon is told it.
  var order: OrderedPlan {
    OrderedPlan(document: document, file: file, policies: policies.mapValues(\.canonicalText))
  }

  /// What it is called by.
  var title: String {
    let name = URL(filePath: file).deletingPathExtension().lastPathComponent
    let parts = plan.parts.prefix(12).map(\.name).joined(separator: ", ")
    return "plan \(name): \(parts)\(plan.parts.count > 12 ? ", …" : "")"
  }

  /// What is wrong with its policies, under that of the whole.
  func problems(within document: PolicyDocument) -> [String] {
    plan.parts.compactMap { part in
      guard let name = part.policy, let policy = policies[name] else { return nil }
      do throws(PolicyNarrowing.Wider) {
        _ = try PolicyNarrowing.narrowed(policy, within: document)
        return nil
      } catch {
        return "task \(part.name): its policy \(name) allows more than the plan's: "
          + error.sentences.joined(separator: " ")
      }
    }
  }

  /// The order in which it is done, in words.
  var lines: [String] {
    var lines = ["\(title)".printable]
    for (index, group) in plan.groups.enumerated() {
      lines.append("  \(index + 1).")
      for part in group {
        var facts: [String] = []
        if !part.after.isEmpty { facts.append("after \(part.after.joined(separator: ", "))") }
        facts += [part.agent, part.model].compactMap(\.self)
        if let policy = part.policy { facts.append("policy \(policy)") }
        if let budget = part.budget { facts.append("up to \(budget.text)") }
        if !part.merges { facts.append("not merged") }
        let said = facts.isEmpty ? "" : " (\(facts.joined(separator: "; ")))"
        lines.append("     \(part.name)\(said): \(part.task.brief(160))".printable)
      }
    }
    let settled =
      switch plan.conflicts {
      case .ask: "a person is asked"
      case .agent(let name): "the agent \(name) settles them, else a person is asked"
      }
    lines.append("  at once: \(plan.atOnce); conflicts: \(settled)".printable)
    return lines
  }

  /// The same, for programs.
  var check: Check {
    Check(
      file: file,
      atOnce: plan.atOnce,
      groups: plan.groups.map { $0.map(\.name) }
    )
  }

  struct Check: Encodable {
    let file: String
    let atOnce: Int
    let groups: [[String]]
  }
}
