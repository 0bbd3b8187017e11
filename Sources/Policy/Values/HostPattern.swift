/// The name of a host in lower case, in which a label may be `*`.
package struct HostPattern: Hashable, Sendable {
  package let text: String

  /// Reads a name, and explains what a person meant who wrote something else.
  package init(parsing written: String) throws(ValueProblem) {
    let text = written.lowercased()
    guard !text.isEmpty else {
      throw ValueProblem("the host is empty", remedy: "name it as in api.example.com")
    }
    if let separator = text.firstRange(ofASCII: "://") {
      let rest = text[separator.upperBound...].prefix { $0 != "/" && $0 != ":" }
      throw ValueProblem(
        "\(quoted(written)) is an address with a scheme, not the name of a host",
        remedy: "write only the name: \(rest.isEmpty ? "api.example.com" : String(rest))"
      )
    }
    if text.utf8.contains(0x2F) {
      throw ValueProblem(
        "\(quoted(written)) holds a path",
        remedy: "write only the name, and the path under rules: [{ allow: \"GET /…\" }]"
      )
    }
    if isAddressLiteral(text) {
      throw ValueProblem(
        "\(quoted(written)) is an address, and addresses are not granted by themselves",
        remedy: "name the host, and its range under networks: [10.0.0.0/8]"
      )
    }
    if let colon = text.firstIndex(of: ":") {
      let name = text[..<colon]
      let port = text[text.index(after: colon)...]
      throw ValueProblem(
        "\(quoted(written)) holds a port",
        remedy: "write host: \(name), ports: [\(digits(port, atMost: 5) ?? 443)]"
      )
    }
    if text.hasSuffix(".") {
      throw ValueProblem(
        "\(quoted(written)) ends in a dot",
        remedy: "leave it out; names are absolute already"
      )
    }
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
      throw ValueProblem(
        "\(quoted(written)) is not ASCII",
        remedy: "write the name in its xn-- form"
      )
    }
    if text == "localhost" || text.hasSuffix(".localhost") {
      throw ValueProblem(
        "\(quoted(written)) is the run's own loopback, which needs no grant",
        remedy: "remove the entry; services of this machine are not reachable"
      )
    }
    try Self.checkLabels(text, written: written)
    self.text = text
  }

  private static func checkLabels(_ text: String, written: String) throws(ValueProblem) {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 253 else {
      throw ValueProblem("the host is longer than 253 bytes", remedy: "name a host that can exist")
    }
    for label in labels where label != "*" {
      if label.contains("*") {
        throw ValueProblem(
          "\(quoted(written)) uses '*' for a part of a label",
          remedy: "'*' stands for one whole label, as in '*.example.com'"
        )
      }
      let isName = label.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
      }
      guard isName, (1...63).contains(label.utf8.count), !label.hasPrefix("-"),
        !label.hasSuffix("-")
      else {
        throw ValueProblem(
          "\(quoted(written)) is not the name of a host",
          remedy: "use letters, digits and hyphens between dots, as in api.example.com"
        )
      }
    }
    let tail = labels.suffix(2)
    if labels.contains("*"), labels.count < 3 || tail.contains("*") {
      throw ValueProblem(
        "\(quoted(written)) reaches every name below a top-level domain",
        remedy: "name the domain, as in '*.example.com'"
      )
    }
  }

  /// Whether a name, in lower case and without its final dot, is meant; `*` is exactly one label.
  package func matches(_ name: String) -> Bool {
    let own = text.split(separator: ".", omittingEmptySubsequences: false)
    let other = name.split(separator: ".", omittingEmptySubsequences: false)
    return own.count == other.count
      && zip(own, other).allSatisfy { $0 == "*" ? !$1.isEmpty : $0 == $1 }
  }
}

/// Whether a name would be read as an address by some resolver: in brackets, with colons, or with
/// a last label that is a number in any of the spellings of `inet_aton`.
package func isAddressLiteral(_ name: String) -> Bool {
  if name.hasPrefix("[") || name.utf8.filter({ $0 == 0x3A }).count > 1 { return true }
  guard let last = name.split(separator: ".").last else { return false }
  if last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return true }
  let lower = last.lowercased()
  return lower.hasPrefix("0x")
    && lower.utf8.dropFirst(2).allSatisfy {
      (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
    }
}

extension String {
  /// The first place of a short ASCII needle; Foundation's search is not at hand here.
  func firstRange(ofASCII needle: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(needle) {
        return start..<index(start, offsetBy: needle.count)
      }
      start = index(after: start)
    }
    return nil
  }
}
