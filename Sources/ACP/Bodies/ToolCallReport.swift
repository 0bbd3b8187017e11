package import Dialects

/// What an agent has told of one use of a tool by now.
///
/// It is told in pieces: each update replaces the fields that it has.
package struct ToolCallReport: Hashable, Sendable {
  package let id: String
  package var title: String?
  /// `read`, `edit`, `delete`, `move`, `search`, `execute`, `think`, `fetch`, `other` and whatever comes
  /// to be.
  package var kind: String?
  /// `pending`, `in_progress`, `completed`, `failed`.
  package var status: String?
  package var content: [Part]?
  package var locations: [Location]?
  package var rawInput: RawJSON?
  package var rawOutput: RawJSON?

  package enum Part: Hashable, Sendable {
    case content(ContentBlock)
    /// `old` is nil for a file that is new.
    case diff(path: String, old: String?, new: String)
    case terminal(String)
    case other(String)
  }

  package struct Location: Hashable, Sendable {
    package var path: String
    package var line: Int?

    package init(path: String, line: Int? = nil) {
      self.path = path
      self.line = line
    }
  }

  static let longestID = 1024
  static let mostParts = 1024

  package init(id: String, title: String? = nil, kind: String? = nil, status: String? = nil) {
    self.id = id
    self.title = title
    self.kind = kind
    self.status = status
  }

  /// Nil where there is no usable id.
  package init?(_ json: JSON) {
    guard let id = json["toolCallId"], let length = id.stringLength, length <= Self.longestID,
      let id = id.string
    else { return nil }
    self.id = id
    title = json["title"]?.string
    kind = json["kind"]?.string
    status = json["status"]?.string
    if let list = json["content"], list.isArray {
      content = list.elements.prefix(Self.mostParts).compactMap(Part.init)
    }
    if let list = json["locations"], list.isArray {
      locations = list.elements.prefix(Self.mostParts).compactMap { place in
        place["path"]?.string.map { Location(path: $0, line: place["line"]?.int) }
      }
    }
    rawInput = json.present("rawInput")?.raw.kept
    rawOutput = json.present("rawOutput")?.raw.kept
  }

  /// What was known, with what the update says in its place.
  package func updated(by update: ToolCallReport) -> ToolCallReport {
    var report = self
    report.title = update.title ?? title
    report.kind = update.kind ?? kind
    report.status = update.status ?? status
    report.content = update.content ?? content
    report.locations = update.locations ?? locations
    report.rawInput = update.rawInput ?? rawInput
    report.rawOutput = update.rawOutput ?? rawOutput
    return report
  }

  package func write(to object: inout JSONWriter) {
    object.string("toolCallId", id)
    object.string("title", ifAny: title)
    object.string("kind", ifAny: kind)
    object.string("status", ifAny: status)
    if let content {
      object.array("content") { list in for part in content { part.write(to: &list) } }
    }
    if let locations {
      object.array("locations") { list in
        for place in locations {
          list.object { object in
            object.string("path", place.path)
            object.int("line", ifAny: place.line)
          }
        }
      }
    }
    object.raw("rawInput", ifAny: rawInput)
    object.raw("rawOutput", ifAny: rawOutput)
  }

  /// About how many bytes it holds.
  var weight: Int {
    let parts = (content ?? []).reduce(0) { $0 + $1.weight }
    let places = (locations ?? []).reduce(0) { $0 + $1.path.utf8.count + 32 }
    return 256 + id.utf8.count + (title?.utf8.count ?? 0) + parts + places
      + (rawInput?.bytes.count ?? 0) + (rawOutput?.bytes.count ?? 0)
  }
}

extension ToolCallReport.Part {
  init?(_ json: JSON) {
    guard let kind = json["type"]?.string else { return nil }
    switch kind {
    case "content":
      guard let block = json["content"].flatMap(ContentBlock.init) else { return nil }
      self = .content(block)
    case "diff":
      guard let path = json["path"]?.string, let new = json["newText"]?.string else { return nil }
      self = .diff(path: path, old: json["oldText"]?.string, new: new)
    case "terminal":
      self = .terminal(json["terminalId"]?.string ?? "")
    default: self = .other(String(kind.prefix(64)))
    }
  }

  fileprivate func write(to list: inout JSONWriter) {
    list.object { object in
      switch self {
      case .content(let block):
        object.string("type", "content")
        object.key("content")
        block.write(to: &object)
      case .diff(let path, let old, let new):
        object.string("type", "diff")
        object.string("path", path)
        object.string("oldText", orNull: old)
        object.string("newText", new)
      case .terminal(let id):
        object.string("type", "terminal")
        object.string("terminalId", id)
      case .other(let kind):
        object.string("type", kind)
      }
    }
  }

  fileprivate var weight: Int {
    switch self {
    case .content(let block): block.words.utf8.count + 64
    case .diff(let path, let old, let new):
      path.utf8.count + (old?.utf8.count ?? 0) + new.utf8.count + 64
    case .terminal, .other: 128
    }
  }
}

extension RawJSON {
  /// The value in bytes of its own, so that it does not keep the message that it came in.
  var kept: RawJSON { RawJSON { $0.raw(self) } }
}
