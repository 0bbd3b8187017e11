package import Inference

/// What must hold of the readers of models whatever they are given.
package enum ModelJudge {
  package enum Verdict: Equatable {
    case refused
    case taken
    case broken(String)
  }

  /// What reads a model once its file is open, by name: the rule that it breaks, or nil, and whether
  /// the model was refused. Each has to come through whatever a file says.
  package static let readers:
    [(name: String, read: @Sendable (GGUFFile) -> (rule: String?, isTaken: Bool))] = [
      ("tokenizer", { tokenizer($0) }),
      ("model", { weights($0) }),
    ]

  /// A model that is taken has its tensors inside its files and apart from each other, and all of its
  /// values can be read.
  package static func gguf(_ files: [MappedFile]) -> Verdict {
    let model: GGUFFile
    do { model = try GGUFFile(files: files) } catch {
      return complaint(of: error.description).map(Verdict.broken) ?? .refused
    }
    for (key, value) in model.metadata {
      if case .list(let list) = value, let rule = walk(list) { return .broken("\(key): \(rule)") }
    }
    var places: [(first: Int, end: Int)] = []
    for (name, tensor) in model.tensors {
      let bytes = tensor.bytes
      guard tensor.type.size(of: tensor.shape) == bytes.count, !bytes.isEmpty, tensor.name == name,
        tensor.rowLength > 0, tensor.rows > 0, (1...4).contains(tensor.shape.count)
      else { return .broken("\(name) is not what its shape says") }
      let start = Int(bitPattern: bytes.baseAddress)
      places.append((start, start + bytes.count))
      guard files.contains(where: { holds($0, bytes) }) else {
        return .broken("\(name) is outside its file")
      }
      _ = bytes[0] &+ bytes[bytes.count - 1]
    }
    places.sort { $0 < $1 }
    guard zip(places, places.dropFirst()).allSatisfy({ $0.end <= $1.first }) else {
      return .broken("tensors overlap")
    }
    for (name, code) in model.unknown where TensorType(rawValue: code) != nil {
      return .broken("\(name) is of a type that is known")
    }
    for (name, read) in readers {
      if let rule = read(model).rule { return .broken("\(name): \(rule)") }
    }
    return .taken
  }

  /// A file that is taken is covered by its tensors.
  package static func safetensors(_ file: MappedFile) -> Verdict {
    let tensors: SafetensorsFile
    do { tensors = try SafetensorsFile(file: file) } catch {
      return complaint(of: error.description).map(Verdict.broken) ?? .refused
    }
    for (name, tensor) in tensors.tensors {
      let bytes = tensor.bytes
      guard bytes.count == tensor.shape.reduce(tensor.type.blockSize, *) else {
        return .broken("\(name) is not what its shape says")
      }
      guard bytes.isEmpty || holds(file, bytes) else {
        return .broken("\(name) is outside its file")
      }
    }
    return .taken
  }

  /// A tokenizer gives tokens that it has, and no text is too odd for it.
  private static func tokenizer(_ model: GGUFFile) -> (rule: String?, isTaken: Bool) {
    let tokenizer: Tokenizer
    do { tokenizer = try Tokenizer(gguf: model) } catch {
      return (complaint(of: error.description), false)
    }
    for (text, isParsed) in [("in the <|im_end|> ä😀 12", true), ("<0x0A>\u{0}\u{202E} a", false)] {
      let tokens = tokenizer.encode(text, addSpecial: true, parseSpecial: isParsed)
      guard tokens.allSatisfy({ $0 >= 0 && $0 < tokenizer.count }) else {
        return ("a token that there is not", true)
      }
      _ = tokenizer.decode(tokens)
    }
    for token in [-1, 0, Int32(truncatingIfNeeded: tokenizer.count), .max] {
      _ = (tokenizer.bytes(of: token), tokenizer.isControl(token))
    }
    return (nil, true)
  }

  /// Each tensor of a model is as long as the shape says that will be read.
  private static func weights(_ model: GGUFFile) -> (rule: String?, isTaken: Bool) {
    do {
      _ = try Model(file: model)
      return (nil, true)
    } catch { return (complaint(of: error.description), false) }
  }

  private static func holds(_ file: MappedFile, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = file.bytes.baseAddress, let first = bytes.baseAddress else { return false }
    return first >= start && first + bytes.count <= start + file.bytes.count
  }

  private static func walk(_ list: GGUFList) -> String? {
    guard list.text(at: -1) == nil, list.text(at: list.count) == nil, list.real(at: -1) == nil,
      list.real(at: list.count) == nil, list.flag(at: list.count) == nil
    else { return "there is a value beyond the end" }
    guard list.elementKind != .list else { return nil }
    var sum = 0
    for index in 0..<list.count {
      switch list.elementKind {
      case .text:
        guard let text = list.text(at: index) else { return "a text is missing" }
        if let first = text.first, let last = text.last { sum &+= Int(first &+ last) }
      case .flag: guard list.flag(at: index) != nil else { return "a flag is missing" }
      case .uint64: _ = list.integer(at: index)
      default: guard list.real(at: index) != nil else { return "a number is missing" }
      }
    }
    return sum < 0 ? "a sum of bytes is below zero" : nil
  }

  /// A message is short and can be printed.
  private static func complaint(of message: String) -> String? {
    guard message.utf8.count < 2000 else { return "a message of \(message.utf8.count) bytes" }
    let isPlain = message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    return isPlain ? nil : "a message that cannot be printed: \(message)"
  }
}
