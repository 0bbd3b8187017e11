import Dialects
import MCP

extension ToolAnswer {
  /// For the model, with its middle left out where it is long.
  var modelText: String {
    var parts = content.map(\.modelText)
    if parts.isEmpty, let structured { parts.append(structured.line) }
    let text = parts.isEmpty ? "[no output]" : parts.joined(separator: "\n")
    let bytes = Array(text.utf8)
    guard bytes.count > OutputText.head + OutputText.tail else { return OutputText.text(bytes) }
    return OutputText.joined(
      head: Array(bytes.prefix(OutputText.head)),
      tail: Array(bytes.suffix(OutputText.tail)),
      omitted: UInt64(bytes.count - OutputText.head - OutputText.tail)
    )
  }
}

extension ToolContent {
  fileprivate var modelText: String {
    switch self {
    case .text(let text): text
    case .image(let data, let type): "[an image, \(type), \(data.utf8.count) bytes, is left out]"
    case .audio(let data, let type): "[a sound, \(type), \(data.utf8.count) bytes, is left out]"
    case .link(let uri, let name, let description, _):
      "[\(name): \(uri)\(description.map { " (\($0))" } ?? "")]"
    case .resource(let uri, let type, let text, _):
      text.map { "[\(uri)]\n\($0)" } ?? "[\(uri), \(type ?? "of no type"), is left out]"
    }
  }
}
