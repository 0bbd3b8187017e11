import Catalogue

extension LocalModel {
  /// As requests are led to it.
  var asOffered: EngineModel {
    var capabilities: Capabilities = [.temperature, .streaming]
    if facts.embeds { capabilities = .embeddings }
    if !facts.embeds, facts.template {
      capabilities.insert(.json)
      if facts.tools { capabilities.insert(.tools) }
      if facts.thinks { capabilities.insert(.reasoning) }
    }
    return EngineModel(
      name: name,
      isDefault: name == LocalModel.defaultName,
      context: facts.context,
      capabilities: capabilities
    )
  }
}
