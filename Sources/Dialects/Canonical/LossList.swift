/// Gathers what cannot be carried across while a request is written.
struct LossList {
  private(set) var losses: [Loss] = []
  let policy: LossPolicy

  init(_ policy: LossPolicy) {
    self.policy = policy
  }

  /// Most requests of a dialect repeat the same loss in every message: the first of a kind is named.
  mutating func add(_ path: @autoclosure () -> String, _ why: String, changesAnswer: Bool = true) {
    guard losses.count < 32 else { return }
    let loss = Loss(path(), why, changesAnswer: changesAnswer)
    if !losses.contains(loss) { losses.append(loss) }
  }

  mutating func addHint(_ path: @autoclosure () -> String, _ why: String) {
    add(path(), why, changesAnswer: false)
  }

  /// Fields of a message of the model that ask for something: that it be gone on with.
  private static let continuing: Set<String> = ["prefix", "partial"]

  /// Names the fields of a message. Clients send answers back as they were given them, with fields
  /// of whoever gave them: what the next answer is does not depend on those.
  mutating func add(_ message: Message, at path: String, to dialect: Dialect) {
    var hints = TranslationOptions.hints
    if message.role == .assistant {
      hints.formUnion(message.rest.fields.map(\.key))
      hints.subtract(Self.continuing)
    }
    add(message.rest, at: path, hints: hints, to: dialect)
  }

  /// Names the fields of another dialect; hints are those that only help.
  mutating func add(_ rest: Rest, at path: String, hints: Set<String> = [], to dialect: Dialect) {
    guard rest.dialect != dialect else { return }
    // What kind of thing it is was carried by what it became.
    for field in rest.fields where field.key != "type" && !field.saysNothing {
      let name = path.isEmpty ? field.key : "\(path).\(field.key)"
      let printable = String(name.unicodeScalars.prefix(80).filter { $0.value > 0x1F })
      add(printable, "has no counterpart", changesAnswer: !hints.contains(field.key))
    }
  }

  func check() throws(RequestError) {
    guard policy == .refuse else { return }
    let grave = losses.filter(\.changesAnswer)
    if !grave.isEmpty { throw .notCarried(grave) }
  }
}

extension Rest.Field {
  /// Whether the value asks for no more than what happens anyway.
  fileprivate var saysNothing: Bool {
    switch value.line {
    case "{}", "[]", "false", "\"\"": true
    case "[\"text\"]": key == "modalities"
    default: false
    }
  }
}

extension JSONWriter {
  /// Writes the fields that belong to this dialect.
  mutating func rest(_ rest: Rest, of dialect: Dialect) {
    guard rest.dialect == dialect else { return }
    for field in rest.fields {
      key(field.key)
      raw(field.value)
    }
  }
}
