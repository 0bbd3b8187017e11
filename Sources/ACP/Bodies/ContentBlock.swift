package import Dialects

/// A piece of what is said, by either end.
package enum ContentBlock: Hashable, Sendable {
  case text(String)
  /// A picture or a sound; its bytes are not kept.
  case media(kind: String, type: String)
  case link(uri: String, name: String)
  /// What was put into the message from elsewhere; no text where it is bytes.
  case resource(uri: String, text: String?)
  /// A kind that is not known here.
  case other(String)

  /// Nil for what has no kind, or lacks what its kind needs.
  package init?(_ json: JSON) {
    guard let kind = json["type"]?.string else { return nil }
    switch kind {
    case "text":
      guard let text = json["text"]?.string else { return nil }
      self = .text(text)
    case "image", "audio":
      self = .media(kind: kind, type: json["mimeType"]?.string ?? "")
    case "resource_link":
      guard let uri = json["uri"]?.string else { return nil }
      self = .link(uri: uri, name: json["name"]?.string ?? uri)
    case "resource":
      guard let resource = json["resource"], let uri = resource["uri"]?.string else { return nil }
      self = .resource(uri: uri, text: resource["text"]?.string)
    default: self = .other(String(kind.prefix(64)))
    }
  }

  /// What a person reads in its place.
  package var words: String {
    switch self {
    case .text(let text): text
    case .media(let kind, let type): "[\(kind) \(type)]"
    case .link(let uri, let name): name == uri ? "[\(uri)]" : "[\(name): \(uri)]"
    case .resource(let uri, let text): text.map { "[\(uri)]\n\($0)" } ?? "[\(uri)]"
    case .other(let kind): "[\(kind)]"
    }
  }

  /// Pictures, sounds and unknown kinds are written as text: their bytes were not kept.
  package func write(to writer: inout JSONWriter) {
    writer.object { object in
      switch self {
      case .text, .media, .other:
        object.string("type", "text")
        object.string("text", words)
      case .link(let uri, let name):
        object.string("type", "resource_link")
        object.string("uri", uri)
        object.string("name", name)
      case .resource(let uri, let text):
        object.string("type", "resource")
        object.object("resource") { resource in
          resource.string("uri", uri)
          resource.string("text", text ?? "")
        }
      }
    }
  }
}
