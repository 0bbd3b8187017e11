import Agent
import Foundation
import Journal
import Policy
import WorkWire

/// Whether an order can be kept, and what it comes to. What the loop would not keep is refused here,
/// before anything is done.
enum OrderCheck {
  static let longestText = 100_000
  static let largestComment = 10_000

  /// - Parameter agents: where agents of others are described; nil where there are none.
  static func settings(
    of order: AssignmentOrder,
    agents: AgentFiles? = nil
  ) throws(WorkProblem) -> AgentSettings {
    try checkText(order)
    try check(agent: order.agent ?? AgentSettings.own, agents)
    try checkNumbers(order)
    let document = try document(of: order)
    try check(document, model: order.model)
    var settings = AgentSettings(
      directory: order.directory,
      model: order.model,
      policy: document.canonicalText,
      policyName: order.policyName
    )
    // The smaller holds, and is what is shown.
    settings.budget = [order.budget, document.models?.budget?.picoDollars].compactMap { $0 }.min()
    if let agent = order.agent { settings.agent = agent }
    settings.workspace = document.workspace.rawValue
    settings.patience = order.patience
    if let turns = order.turns { settings.bounds.turns = turns }
    try checkParts(order, &settings, document, agents)
    return settings
  }

  /// What is given to several agents.
  private static func checkParts(
    _ order: AssignmentOrder,
    _ settings: inout AgentSettings,
    _ document: PolicyDocument,
    _ agents: AgentFiles?
  ) throws(WorkProblem) {
    guard order.parallel != nil || order.plan != nil else { return }
    guard document.workspace == .branch else {
      throw WorkProblem(
        .unsupported,
        "agents that work for one another have branches: the workspace is branch, and not "
          + document.workspace.rawValue
      )
    }
    if let parallel = order.parallel {
      guard order.plan == nil else {
        throw WorkProblem(.invalid, "parallel belongs to a sentence; a plan says at-once itself")
      }
      guard settings.agent == AgentSettings.own else {
        throw WorkProblem(
          .unsupported,
          "\(quoted(settings.agent)) gives nobody work; parallel is for our own agent, a plan for "
            + "any"
        )
      }
      try check("parallel", Int64(parallel), 1...Int64(PlanDocument.mostAtOnce))
      settings.parallel = parallel
    }
    if let plan = order.plan {
      settings.plan = AgentSettings.PlanOrder(
        document: plan.document,
        file: plan.file,
        policies: plan.policies
      )
      try check(plan, settings, document, agents)
    }
  }

  private static func check(
    _ order: OrderedPlan,
    _ settings: AgentSettings,
    _ document: PolicyDocument,
    _ agents: AgentFiles?
  ) throws(WorkProblem) {
    guard settings.agent == AgentSettings.own else {
      throw WorkProblem(.invalid, "a plan names the agent of each task itself")
    }
    let plan: PlanDocument
    do {
      plan = try PlanDocument.parse(order.document, file: order.file)
    } catch {
      throw WorkProblem(.invalid, "\(error)")
    }
    if case .agent(let name) = plan.conflicts { try check(agent: name, agents) }
    for part in plan.parts {
      let made: AgentSettings
      let narrow: PolicyDocument
      do {
        made = try settings.part(part, of: plan, within: document, at: nil)
        narrow = try PolicyDocument.parse(made.policy, file: made.policyName)
      } catch {
        throw WorkProblem(.unsupported, "\(order.file): task \(part.name): \(error)")
      }
      try check(agent: made.agent, agents)
      if made.agent != AgentSettings.own, !narrow.approvals.isEmpty {
        throw WorkProblem(
          .unsupported,
          "\(order.file): task \(part.name): \(made.agent) cannot keep approvals, which the policy "
            + "\(made.policyName) wants; take them out, or give it to our own agent"
        )
      }
      try check(narrow, model: made.model)
    }
  }

  static func answer(_ order: AnswerOrder, by: String) throws(WorkProblem) -> ApprovalAnswer {
    guard let scope = Approval.Scope(rawValue: order.scope ?? Approval.Scope.once.rawValue) else {
      throw WorkProblem(
        .invalid,
        "an answer's scope is "
          + Approval.Scope.allCases.map(\.rawValue).joined(separator: ", ")
      )
    }
    guard (order.comment?.utf8.count ?? 0) <= largestComment else {
      throw WorkProblem(.large, "a comment has \(largestComment) bytes at most")
    }
    return ApprovalAnswer(
      isApproved: order.approved,
      scope: scope,
      by: by,
      comment: order.comment,
      hash: order.hash
    )
  }

  // MARK: Parts

  private static func checkText(_ order: AssignmentOrder) throws(WorkProblem) {
    guard order.text.contains(where: { !$0.isWhitespace }) else {
      throw WorkProblem(.invalid, "the text is empty: say what is to be done")
    }
    guard order.text.utf8.count <= longestText else {
      throw WorkProblem(.large, "the text is longer than \(longestText) bytes; put it into a file")
    }
    for (name, text) in [
      ("model", order.model), ("policyName", order.policyName), ("agent", order.agent ?? "-"),
      ("key", order.key ?? "-"),
    ] {
      let isFit = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
      guard !text.isEmpty, text.utf8.count <= 512, isFit else {
        throw WorkProblem(.invalid, "\(name) is empty, too long or holds control characters")
      }
    }
    try checkDirectory(order.directory)
  }

  private static func check(
    agent name: String,
    _ agents: AgentFiles?
  ) throws(WorkProblem) {
    if name == AgentSettings.own { return }
    guard let agents else {
      throw WorkProblem(.unsupported, "there is no agent \(quoted(name))")
    }
    do {
      _ = try agents.find(name).definition()
    } catch {
      throw WorkProblem(.unsupported, "\(error)")
    }
  }

  private static func checkDirectory(_ path: String) throws(WorkProblem) {
    guard path.hasPrefix("/"), path.utf8.count <= 4096, !path.utf8.contains(0) else {
      throw WorkProblem(.invalid, "directory is an absolute path")
    }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    else {
      throw WorkProblem(.invalid, "\(quoted(path)) is no directory that the daemon sees")
    }
    // The work is begun there and nowhere else, whoever puts a link in its place.
    guard WorkPlace.isReal(path) else {
      throw WorkProblem(
        .invalid,
        "\(quoted(path)) is not where the directory lies; name it as \(quoted(WorkPlace.real(path) ?? "it is"))"
      )
    }
  }

  private static func checkNumbers(_ order: AssignmentOrder) throws(WorkProblem) {
    try check("budget", order.budget, 0...Money.largest * Money.dollar)
    try check("turns", order.turns.map { Int64($0) }, 1...10_000)
    try check("patience", order.patience, 1...365 * 86_400)
    try check("every", order.every, 10...365 * 86_400)
    // To the year 9999.
    try check("start", order.start, 0...253_402_300_799_000_000)
  }

  private static func check(
    _ name: String,
    _ value: Int64?,
    _ range: ClosedRange<Int64>
  ) throws(WorkProblem) {
    if let value, !range.contains(value) {
      throw WorkProblem(
        .invalid,
        "\(name) is \(value); it has to be from \(range.lowerBound) to \(range.upperBound)"
      )
    }
  }

  /// The policy with the workspace mode that was asked for: what stands on record is what holds.
  private static func document(of order: AssignmentOrder) throws(WorkProblem) -> PolicyDocument {
    var document: PolicyDocument
    do {
      document = try PolicyDocument.parse(order.policy, file: order.policyName)
    } catch {
      throw WorkProblem(.invalid, "\(error)")
    }
    if let mode = order.workspace {
      guard let known = WorkspaceMode(rawValue: mode) else {
        throw WorkProblem(.invalid, "workspace is overlay, direct or none")
      }
      document.workspace = known
    }
    return document
  }

  private static func check(_ document: PolicyDocument, model: String) throws(WorkProblem) {
    var enforced = document
    enforced.approvals = []
    enforced.tools = []
    if let first = enforced.unsupported.first { throw WorkProblem(.unsupported, first) }
    for rule in document.tools {
      do throws(ServerEntry.Problem) {
        _ = try ServerEntry(rule)
      } catch {
        throw WorkProblem(.unsupported, error.description)
      }
    }
    for rule in document.approvals {
      switch rule.condition {
      case .command, .write, .spend: break
      case .push:
        throw WorkProblem(
          .unsupported,
          "approvals: when: \"\(rule.condition.text)\" is not enforced yet, so nothing is begun; "
            + "use \"command git push*\", or grant no push"
        )
      }
    }
    if let models = document.models, !models.allow.isEmpty, !models.allow.contains(model) {
      throw WorkProblem(
        .unsupported,
        "the policy allows the models \(models.allow.joined(separator: ", ")), and not "
          + "\(quoted(model)); name one of them, or add it under models"
      )
    }
  }
}
