import Catalogue
import Foundation
import Policy
import Sandbox
import WorkWire

/// Work as somebody gives it at this machine, before it is checked against what the machine has.
struct WorkOrder {
  var text: String
  /// The workspace; the current directory where nothing is said.
  var directory: String?
  var agent: String?
  /// As the gateway knows it; 'default', or the only one, where nothing is said.
  var model: String?
  var budget: Money?
  /// A policy file, or the name of a profile.
  var policy = "default"
  var workspace: String?
  var turns: Int?
  /// How many agents may work for it at once, and be merged.
  var parallel: Int?
  var plan: PlanSource?

  init(text: String) {
    self.text = text
  }

  /// What is sent to the daemon. What a run would refuse is refused here, before anything is given.
  func resolved(_ home: Home) throws -> AssignmentOrder {
    var document = try PolicySource.load(policy)
    // The daemon is somewhere else.
    let place = URL(filePath: policy).deletingLastPathComponent()
    for index in document.tools.indices {
      guard let name = document.tools[index].policy, Profile.named(name) == nil else { continue }
      document.tools[index].policy = URL(filePath: name, relativeTo: place).standardizedFileURL.path
    }
    if let problems = plan?.problems(within: document), !problems.isEmpty {
      throw WorkProblem(.unsupported, problems.joined(separator: "\n"))
    }
    // Agents whose work is merged have branches.
    let mode = plan != nil || parallel != nil ? "branch" : workspace
    let grants = try RunGrants.resolve(
      policyName: policy,
      directory: directory,
      mode: mode,
      additions: NetworkAdditions.read([], [], [], home: home),
      home: home,
      models: .none,
      ignoresApprovals: true
    )
    var order = AssignmentOrder(
      text: text,
      directory: grants.workspace?.real ?? real(grants.startDirectory),
      model: try model(home, document.models),
      policy: document.canonicalText,
      policyName: document.origin.name
    )
    order.agent = agent
    order.workspace = mode
    order.parallel = parallel
    order.plan = plan?.order
    order.turns = turns
    order.budget = budget?.picoDollars
    return order
  }

  private func real(_ path: String) -> String {
    HostTree.find(path, isSystem: false)?.real ?? path
  }

  private func model(_ home: Home, _ rules: ModelRules?) throws -> String {
    let catalogue = try CatalogueStore(home: home).load()
    let choice = ModelChoice(
      configuration: try GatewayFile(home: home, named: nil).read(catalogue)
    )
    guard let model else { return try choice.model(allowed: rules) }
    try choice.check(model)
    return model
  }

  /// Money as people write it: US dollars, whether they say so or not.
  static func money(_ text: String) throws(ValueProblem) -> Money {
    try Money(parsing: text.hasSuffix("USD") ? text : text + " USD")
  }
}
