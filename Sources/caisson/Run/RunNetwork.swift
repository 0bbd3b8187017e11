import Foundation
import Journal
import Policy
import Sandbox

/// The way out of one run: what is asked of `caisson-egress`, and what the run finds inside.
struct RunNetwork: ~Copyable {
  /// Taken by the supervisor.
  private(set) var link: EgressLink?
  let grant: NetworkGrant
  /// Variables of the run: placeholders of secrets, where the bundle of roots lies, and registries.
  let environment: [String: String]
  /// What a person should know before the run.
  let notes: [String]

  /// Starts the way out where the policy grants one, or where it shall be seen what is wanted.
  static func start(
    _ grants: RunGrants,
    run: RunID,
    home: Home,
    asks: Bool,
    learns: Bool,
    tracesPrograms: Bool
  ) throws -> RunNetwork? {
    guard grants.policy.grantsNetwork || learns else { return nil }
    return try RunNetwork(grants, run: run, home: home, asks, tracesPrograms)
  }

  private init(
    _ grants: RunGrants,
    run: RunID,
    home: Home,
    _ asks: Bool,
    _ tracesPrograms: Bool
  ) throws {
    let policy = grants.policy
    var stored: [StoredSecret]
    do {
      stored = try SecretStore(home: home).load(for: grants.ownNetwork)
    } catch {
      throw RunSession.Refusal.policy("\(error)")
    }
    let modelsKey = try grants.models?.makeKey(for: run)
    stored += modelsKey.map { [$0] } ?? []
    var environment: [String: String] = [:]
    var secrets: [Setup.Secret] = []
    for secret in stored {
      let placeholder = SecretPlaceholder.make(for: secret.name)
      environment[secret.name] = placeholder
      if secret.name == modelsKey?.name, let models = grants.models {
        environment.merge(models.environment(placeholder)) { first, _ in first }
      }
      secrets.append(
        Setup.Secret(
          name: secret.name,
          placeholder: placeholder,
          value: Data(secret.value),
          bindings: secret.bindings
        )
      )
    }
    let roots = try RunTrust.roots()
    let setup = Setup(
      run: run.text,
      policy: policy.document.canonicalText,
      secrets: secrets,
      trust: roots,
      asks: asks,
      tracesPrograms: tracesPrograms
    )
    let link = try EgressLink(path: RunSession.ownPath("caisson-egress"))
    let certificate = try link.configure(Array(try JSONEncoder().encode(setup)))
    guard let bundle = FileManager.default.contents(atPath: roots) else {
      throw RunSession.Refusal.failed("cannot read the roots of trust in \(roots)")
    }
    for name in NetworkGrant.trustVariables { environment[name] = NetworkGrant.trustFile }
    let placeholders = environment
    let login: (Registry) -> String? = { registry in
      Self.secret(for: registry, policy.network, stored).flatMap { placeholders[$0] }
    }
    environment.merge(grants.packages.environment(login)) { first, _ in first }
    notes = grants.packages.notes(login)
    self.link = consume link
    self.environment = environment
    grant = NetworkGrant(
      plan: NetworkPlan(policy.network),
      files: RunTrust.make(Array(bundle) + [0x0A] + certificate, reads: grants.reads)
        + grants.packages.files(login).map {
          NetworkGrant.File(path: $0.path, content: Array($0.text.utf8))
        }
    )
  }

  /// The name of the secret that is sent to a registry where a client sends its login.
  private static func secret(
    for registry: Registry,
    _ network: [NetworkRule],
    _ stored: [StoredSecret]
  ) -> String? {
    for case .host(let rule) in network
    where rule.host == registry.host && rule.ports.contains(registry.port) {
      let secret = stored.first { $0.name == rule.credential }
      let isBound =
        secret?.bindings.contains {
          $0.host == registry.host.text && $0.header?.lowercased() == "authorization"
        } ?? false
      if isBound { return secret?.name }
    }
    return nil
  }

  mutating func takeLink() -> EgressLink? { link.take() }

  /// What `caisson-egress` is told, by the names that it reads.
  private struct Setup: Encodable {
    struct Secret: Encodable {
      let name, placeholder: String
      let value: Data
      let bindings: [SecretBinding]
    }

    let run, policy: String
    let secrets: [Secret]
    let trust: String
    let asks, tracesPrograms: Bool
  }
}

extension RunNetwork {
  /// What `caisson-egress` is told of a policy that takes the place of the one before.
  static func update(_ document: PolicyDocument) throws -> [UInt8] {
    Array(try JSONEncoder().encode(["policy": document.canonicalText]))
  }

  /// Reads what the way out observed, as rows for the journal.
  static func events(_ audits: [[UInt8]]) throws -> [NetworkEvent] {
    try audits.flatMap { try JSONDecoder().decode([NetworkEvent].self, from: Data($0)) }
  }
}

extension NetworkEvent {
  /// What is said of a refusal at the end of a run.
  var denial: ObservedDenial? {
    guard verdict == .denied else { return nil }
    let place = port == 443 || port == 0 || port == 53 ? host : "\(host):\(port)"
    let seen = transport == "udp" ? "\(host):\(port) by UDP" : place
    let what = method.map { "\($0) \(place)\(path ?? "")" } ?? seen
    return .network(what, path: nil, rule: rule, remedy: remedy, count: count)
  }
}
