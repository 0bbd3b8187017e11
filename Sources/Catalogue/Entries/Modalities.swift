/// What goes into a model, or comes out of it.
package struct Modalities: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  package static let text = Modalities(rawValue: 1)
  package static let image = Modalities(rawValue: 2)
  package static let audio = Modalities(rawValue: 4)
  package static let video = Modalities(rawValue: 8)
  package static let pdf = Modalities(rawValue: 16)

  package static let names: [(name: String, modality: Modalities)] = [
    ("text", .text), ("image", .image), ("audio", .audio), ("video", .video), ("pdf", .pdf),
  ]

  /// Nil for a word that names none.
  package init?(name: String) {
    guard let found = Self.names.first(where: { $0.name == name }) else { return nil }
    self = found.modality
  }

  package var names: [String] {
    Self.names.filter { contains($0.modality) }.map(\.name)
  }
}

/// What a model can do beside answering.
package struct Capabilities: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Calls tools.
  package static let tools = Capabilities(rawValue: 1)
  /// Answers by a JSON schema.
  package static let json = Capabilities(rawValue: 2)
  /// Thinks before it answers.
  package static let reasoning = Capabilities(rawValue: 4)
  /// Answers piece by piece.
  package static let streaming = Capabilities(rawValue: 8)
  /// Takes files.
  package static let attachments = Capabilities(rawValue: 16)
  /// Obeys a temperature.
  package static let temperature = Capabilities(rawValue: 32)

  /// Turns a text into numbers; a model that does gives nothing else.
  package static let embeddings = Capabilities(rawValue: 64)

  package static let names: [(name: String, capability: Capabilities)] = [
    ("tools", .tools), ("json", .json), ("reasoning", .reasoning), ("streaming", .streaming),
    ("attachments", .attachments), ("temperature", .temperature), ("embeddings", .embeddings),
  ]

  /// Nil for a word that names none.
  package init?(name: String) {
    guard let found = Self.names.first(where: { $0.name == name }) else { return nil }
    self = found.capability
  }

  package var names: [String] {
    Self.names.filter { contains($0.capability) }.map(\.name)
  }
}
