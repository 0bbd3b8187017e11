import Catalogue
import Policy
import WorkWire

/// The model that an assignment calls where nobody names one.
struct ModelChoice {
  let configuration: GatewayConfiguration

  /// The names that the gateway answers to.
  var names: [String] {
    configuration.aliases.map(\.name) + configuration.tiers.map(\.name)
      + configuration.models.map(\.name)
  }

  func model(allowed rules: ModelRules?) throws(WorkProblem) -> String {
    let allowed = rules?.allow ?? []
    if allowed.count == 1 { return allowed[0] }
    let candidates = allowed.isEmpty ? names : names.filter(allowed.contains)
    if candidates.contains("default") { return "default" }
    let models = configuration.models.map(\.name).filter(candidates.contains)
    if models.count == 1 { return models[0] }
    throw WorkProblem(
      .invalid,
      candidates.isEmpty
        ? "no model is configured; name one with --model, or write one into gateway.yaml"
        : "name a model with --model, or call one 'default' in gateway.yaml; there are "
          + candidates.prefix(20).joined(separator: ", ")
    )
  }

  func check(_ name: String) throws(WorkProblem) {
    // `provider/model` is the gateway's to judge.
    guard !names.contains(name), !name.contains("/") else { return }
    let hint = nearest(to: name, in: names).map { "did you mean '\($0)'?" }
    throw WorkProblem(
      .invalid,
      "gateway.yaml has no model \(quoted(name)); "
        + (hint ?? "it has \(names.prefix(20).joined(separator: ", "))")
    )
  }
}
