extension NodeReader {
  /// Variables of an environment with their values.
  mutating func variables(_ node: YAMLNode, _ path: String) -> [String: String] {
    guard case .map(let pairs) = node.content else {
      report(
        node,
        path,
        "a mapping is expected, not \(node.kind)",
        "write { NAME: value }"
      )
      return [:]
    }
    var values: [String: String] = [:]
    for (key, value) in pairs.prefix(Self.mostEntries) {
      let name = self.value(key, path, example: "NAME: value") {
        text throws(ValueProblem) in try Names.variable(text, isPattern: false)
      }
      guard let name else { continue }
      let place = join(path, name)
      guard case .scalar(let text, _) = value.content else {
        report(value, place, "a text is expected, not \(value.kind)", "write \(name): value")
        continue
      }
      guard text.utf8.count <= 32_768, !text.utf8.contains(0) else {
        report(value, place, "the value is longer than 32 KiB or holds a NUL", "shorten it")
        continue
      }
      if values.updateValue(text, forKey: name) != nil {
        report(key, place, "the variable is set more than once", "keep one of them")
      }
    }
    if pairs.count > Self.mostEntries {
      report(node, path, "there are more than 1000 variables", "shorten the list")
    }
    return values
  }
}
