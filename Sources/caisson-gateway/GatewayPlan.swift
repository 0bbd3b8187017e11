import Catalogue
import Crypto
import Foundation

/// What the command told, read.
struct GatewayPlan {
  let setup: GatewaySetup
  let catalogue: ModelCatalogue
  let configuration: GatewayConfiguration

  init(_ setup: GatewaySetup) throws {
    self.setup = setup
    catalogue = try Self.catalogue(setup)
    var configuration = try GatewayConfiguration.parse(
      setup.document,
      file: setup.file,
      catalogue: catalogue
    )
    if let text = setup.listen {
      configuration.listen = try ListenAddress(
        parsing: text,
        isExposed: configuration.listen.isExposed
      )
    }
    if let engine = setup.engine {
      let models = engine.models.map { model in
        EngineModel(
          name: model.name,
          isDefault: model.isDefault,
          context: model.context,
          capabilities: Capabilities(model.capabilities.compactMap { Capabilities(name: $0) })
        )
      }
      configuration = configuration.serving(models, at: engine.socket)
    }
    self.configuration = configuration
  }

  var seal: GatewaySeal {
    let announcement = URL(filePath: setup.announcement).deletingLastPathComponent().path
    return GatewaySeal(configuration: configuration, own: [setup.state, announcement])
  }

  private static func catalogue(_ setup: GatewaySetup) throws -> ModelCatalogue {
    if let text = setup.catalogue {
      return try ModelCatalogue(json: text, file: "the catalogue that was taken")
    }
    return try Snapshot.load { bytes in
      SHA256.hash(data: bytes).map { byte in
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0\(text)" : text
      }.joined()
    }
  }
}
