import Foundation
import Glibc
import Journal
import Policy
import Sandbox
import SystemPackage

/// The models that a run may call: the gateway under a fixed name, and a key of the run's own with
/// the policy's list and budget. What the run holds is a placeholder; the key is put in its place
/// on the way out, and for the gateway alone.
struct RunModels {
  /// The gateway as every run knows it.
  static let host = "models.caisson.internal"
  private static let secretName = "MODELS_KEY"
  /// Where the dialects that clients speak carry a key.
  private static let headers = ["authorization", "x-api-key", "api-key"]

  /// The way to the gateway, for the policy that is enforced.
  let rule: HostRule
  private let port: UInt16
  private let rules: ModelRules
  private let home: Home

  /// Nil where the policy grants no models.
  ///
  /// - Throws: `Refusal` where it does and no gateway is running.
  init?(_ document: PolicyDocument, home: Home) throws {
    guard let rules = document.models else { return nil }
    guard let address = GatewayAddress.running(home) else {
      throw RunSession.Refusal.policy(
        "the policy grants models, and no gateway is running; start it with: caisson gateway"
      )
    }
    let ways = ["127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1"]
    guard let way = ways[address.host] else {
      throw RunSession.Refusal.policy(
        "the gateway listens on \(address.host), where runs are not led; let it listen on 127.0.0.1"
      )
    }
    do {
      rule = HostRule(
        host: try HostPattern(parsing: Self.host),
        ports: [address.port],
        credential: Self.secretName,
        networks: [try AddressRange(parsing: "\(way)/32")],
        addresses: [way]
      )
    } catch {
      throw RunSession.Refusal.failed("the gateway cannot be named: \(error)")
    }
    port = address.port
    self.rules = rules
    self.home = home
  }

  /// Makes the run's key: refused again by ``revoke(_:)``, and named after the run on every bill.
  func makeKey(for run: RunID) throws -> StoredSecret {
    let ledger = try home.ledger()
    defer { ledger.close() }
    let account = Account(id: Self.account(of: run), limit: rules.budget?.picoDollars)
    // Where a session of the run was killed, its key is still there. Nobody holds it any more.
    try? ledger.revokeKey(named: account.id)
    let secret = try ledger.addKey(
      VirtualKey.Terms(name: account.id, account: account.id, models: rules.allow),
      account: account
    )
    return try StoredSecret(
      name: Self.secretName,
      value: Array(secret.text.utf8),
      bindings: Self.headers.map { SecretBinding(host: Self.host, header: $0) },
      stored: Int64(Date().timeIntervalSince1970)
    )
  }

  /// The run is over: what it held opens nothing any more.
  static func revoke(_ run: RunID, home: Home) {
    guard let ledger = try? home.existingLedger() else { return }
    defer { ledger.close() }
    try? ledger.revokeKey(named: account(of: run))
  }

  private static func account(of run: RunID) -> String { "run:\(run.text)" }

  /// What clients of each dialect look for.
  func environment(_ placeholder: String) -> [String: String] {
    let base = "http://\(Self.host):\(port)"
    return [
      "ANTHROPIC_API_KEY": placeholder, "ANTHROPIC_BASE_URL": base,
      "OLLAMA_API_KEY": placeholder, "OLLAMA_HOST": base,
      "OPENAI_API_BASE": base + "/v1", "OPENAI_API_KEY": placeholder,
      "OPENAI_BASE_URL": base + "/v1",
    ]
  }
}

/// Where the user's gateway listens, as it says itself in a file.
enum GatewayAddress {
  static func file(_ home: Home) -> FilePath { home.runtime.appending("gateway.json") }

  /// Nil where none is running.
  static func running(_ home: Home) -> Announcement? { Announcement(readFrom: file(home)) }
}
