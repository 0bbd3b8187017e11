/// Arguments of a call between OpenAI's text and the others' object.
enum ToolArguments {
  /// The arguments as an object; what is none is wrapped, and named.
  static func object(_ call: ToolCall, at path: String, _ list: inout LossList) -> RawJSON {
    if let object = object(call.arguments, .request) { return object }
    list.addHint(path, "arguments that are no JSON object are wrapped in one")
    return wrapped(call.arguments)
  }

  /// The arguments as an object, whatever the model wrote.
  static func object(orWrapped arguments: String) -> RawJSON {
    object(arguments, .answer) ?? wrapped(arguments)
  }

  private static func object(_ arguments: String, _ bounds: JSONBounds) -> RawJSON? {
    if arguments.isEmpty { return RawJSON.emptyObject }
    guard let root = try? JSONDocument.object(Array(arguments.utf8), bounds: bounds) else {
      return nil
    }
    return root.raw
  }

  private static func wrapped(_ arguments: String) -> RawJSON {
    RawJSON { $0.object { $0.string("input", arguments) } }
  }
}

/// Names of calls, which pair them with their results.
enum ToolCallID {
  /// Anthropic takes `[a-zA-Z0-9_-]+` alone: other characters are replaced, the same way each time.
  static func anthropic(_ id: String) -> String {
    let isPlain = { (byte: UInt8) in
      byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
    if !id.isEmpty, id.utf8.allSatisfy(isPlain) { return id }
    return "call_" + String(id.utf8.map { isPlain($0) ? Character(UnicodeScalar($0)) : "_" })
  }
}
