import Foundation

/// Bytes as a person reads them, in powers of ten as disks are sold.
enum ModelSize {
  static func text(_ bytes: Int) -> String {
    for (unit, size) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)] where bytes >= size
    {
      let tenths = bytes / (size / 10)
      return tenths >= 1000 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return "\(bytes) B"
  }

  /// As in `135M`.
  static func parameters(_ count: Int) -> String {
    for (unit, size) in [("B", 1_000_000_000), ("M", 1_000_000)] where count >= size {
      let tenths = count / (size / 10)
      return tenths >= 100 ? "\(tenths / 10)\(unit)" : "\(tenths / 10).\(tenths % 10)\(unit)"
    }
    return "\(count)"
  }
}

/// The models of this machine as `caisson models list` shows them.
struct LocalModelTable {
  let models: [LocalModel]

  private static let titles = [
    "LOCAL MODEL", "SIZE", "TYPE", "PARAMETERS", "WEIGHTS", "CONTEXT", "LICENCE",
  ]

  func text(width: Int?, colour: Bool) -> String {
    TextTable(titles: Self.titles, rows: models.map(cells)).text(width: width, colour: colour)
  }

  private func cells(_ model: LocalModel) -> [String] {
    let names = ["local/\(model.name)"] + model.aliases
    return [
      names.joined(separator: ", ").printable, ModelSize.text(model.facts.size),
      model.facts.architecture.printable, ModelSize.parameters(model.facts.parameters),
      model.facts.quantisation.printable, model.facts.context.map(ModelTable.tokens) ?? "",
      model.facts.licence?.printable ?? "",
    ]
  }
}

/// A model of this machine as `--json` prints it.
struct LocalModelJSON: Encodable {
  let model: String
  let provider = "local"
  let id: String
  let aliases: [String]
  let origin: String
  let file: String
  let source: String?
  let sha256: String?
  /// Whether its file is as it was when it was taken; nil where nobody looked.
  let intact: Bool?
  let architecture: String
  let title: String?
  let licence: String?
  let parameters: Int
  let weights: String
  let context: Int?
  let size: Int
  let tokenizer: String?
  let vocabulary: Int?
  let template: Bool
  let tools: Bool
  let thinks: Bool
  let embeds: Bool
  let price = "free"

  init(_ model: LocalModel, sha256: String? = nil) {
    self.model = "local/\(model.name)"
    id = model.name
    aliases = model.aliases
    origin = model.origin.rawValue
    file = model.file
    source = model.source
    self.sha256 = sha256 ?? model.sha256
    intact = sha256.flatMap { found in model.sha256.map { $0 == found } }
    let facts = model.facts
    architecture = facts.architecture
    title = facts.title
    licence = facts.licence
    parameters = facts.parameters
    weights = facts.quantisation
    context = facts.context
    size = facts.size
    tokenizer = facts.tokenizer
    vocabulary = facts.vocabulary
    template = facts.template
    tools = facts.tools
    thinks = facts.thinks
    embeds = facts.embeds
  }
}

/// What `caisson models show` prints of a model of this machine.
struct LocalModelText {
  let model: LocalModel
  /// Of its file as it is now.
  let sha256: String

  var text: String {
    let facts = model.facts
    var lines: [(String, String)] = [
      ("name", facts.title ?? ""), ("also", model.aliases.joined(separator: ", ")),
      ("architecture", facts.architecture), ("parameters", ModelSize.parameters(facts.parameters)),
      ("weights", facts.quantisation), ("context", facts.context.map { "\($0) tokens" } ?? ""),
      (
        "tokenizer",
        (facts.tokenizer ?? "") + (facts.vocabulary.map { ", \($0) tokens" } ?? "")
      ),
      ("template", facts.template ? "yes" + (facts.tools ? ", with tools" : "") : "no"),
      ("gives", facts.embeds ? "vectors" : facts.thinks ? "text, thoughts" : "text"),
      ("licence", facts.licence ?? "not said"), ("price", "free"),
      ("size", ModelSize.text(facts.size)), ("file", model.file),
    ]
    for file in facts.files.dropFirst() { lines.append(("", file)) }
    if let source = model.source { lines.append(("from", source)) }
    lines.append(("sha256", sha256))
    if let taken = model.sha256, taken != sha256 {
      lines.append(("", "changed since it was taken: it was \(taken)"))
    }
    let width = lines.map(\.0.count).max() ?? 0
    var text = "local/\(model.name)".printable
    for (name, value) in lines where !value.isEmpty {
      let gap = String(repeating: " ", count: width - name.count + 2)
      text += "\n  \(name)\(gap)\(value.printable)"
    }
    return text
  }
}
