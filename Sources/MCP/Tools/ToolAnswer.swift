package import Dialects

/// What a tool answered.
package struct ToolAnswer: Hashable, Sendable {
  package var content: [ToolContent]
  /// The answer as data, where the tool has a schema for it.
  package var structured: RawJSON?
  /// Whether the tool itself says that it failed; its content tells why.
  package var isError: Bool

  package init(_ content: [ToolContent], structured: RawJSON? = nil, isError: Bool = false) {
    self.content = content
    self.structured = structured
    self.isError = isError
  }

  package static func text(_ text: String) -> ToolAnswer { ToolAnswer([.text(text)]) }

  package static func error(_ text: String) -> ToolAnswer {
    ToolAnswer([.text(text)], isError: true)
  }

  /// Nil where the answer is none that the protocol knows.
  init?(_ json: JSON) {
    guard let parts = json["content"], parts.isArray else { return nil }
    var content: [ToolContent] = []
    for part in parts.elements {
      guard let part = ToolContent(part) else { return nil }
      content.append(part)
    }
    let flag = json.present("isError")
    guard flag?.bool != nil || flag == nil else { return nil }
    self.content = content
    structured = json.present("structuredContent")?.raw
    isError = flag?.bool ?? false
  }

  func write(to object: inout JSONWriter) {
    object.array("content") { list in for part in content { part.write(to: &list) } }
    object.raw("structuredContent", ifAny: structured)
    if isError { object.bool("isError", true) }
  }
}

/// A part of an answer.
package enum ToolContent: Hashable, Sendable {
  case text(String)
  /// Base64, unread.
  case image(base64: String, type: String)
  case audio(base64: String, type: String)
  /// The address of something that is not sent along.
  case link(uri: String, name: String, description: String?, type: String?)
  /// Something that is sent along: its text or its bytes in Base64.
  case resource(uri: String, type: String?, text: String?, base64: String?)

  init?(_ json: JSON) {
    guard let kind = json["type"]?.string else { return nil }
    switch kind {
    case "text":
      guard let text = json["text"]?.string else { return nil }
      self = .text(text)
    case "image", "audio":
      guard let data = json["data"]?.string, let type = json["mimeType"]?.string else { return nil }
      self = kind == "image" ? .image(base64: data, type: type) : .audio(base64: data, type: type)
    case "resource_link":
      guard let uri = json["uri"]?.string, let name = json["name"]?.string else { return nil }
      self = .link(
        uri: uri,
        name: name,
        description: json.present("description")?.string,
        type: json.present("mimeType")?.string
      )
    case "resource":
      guard let resource = json["resource"], let uri = resource["uri"]?.string else { return nil }
      self = .resource(
        uri: uri,
        type: resource.present("mimeType")?.string,
        text: resource.present("text")?.string,
        base64: resource.present("blob")?.string
      )
    default:
      return nil
    }
  }

  func write(to list: inout JSONWriter) {
    list.object { part in
      switch self {
      case .text(let text):
        part.string("type", "text")
        part.string("text", text)
      case .image(let data, let type), .audio(let data, let type):
        if case .image = self { part.string("type", "image") } else { part.string("type", "audio") }
        part.string("data", data)
        part.string("mimeType", type)
      case .link(let uri, let name, let description, let type):
        part.string("type", "resource_link")
        part.string("uri", uri)
        part.string("name", name)
        part.string("description", ifAny: description)
        part.string("mimeType", ifAny: type)
      case .resource(let uri, let type, let text, let data):
        part.string("type", "resource")
        part.object("resource") { resource in
          resource.string("uri", uri)
          resource.string("mimeType", ifAny: type)
          resource.string("text", ifAny: text)
          resource.string("blob", ifAny: data)
        }
      }
    }
  }
}
