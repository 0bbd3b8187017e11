extension RequestRule {
  /// Reads `GET /v1/**`: a method or `*`, a space, a pattern of the path.
  package init(_ effect: Effect, parsing text: String) throws(ValueProblem) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2 else {
      throw ValueProblem(
        "\(quoted(text)) is not a method and a path",
        remedy: "write it as in \"GET /v1/**\""
      )
    }
    let method = String(parts[0])
    guard method == "*" || Self.methods.contains(method) else {
      let upper = method.uppercased()
      let near = Self.methods.contains(upper) ? upper : nearest(to: upper, in: Self.methods)
      throw ValueProblem(
        "\(quoted(method)) is not a method",
        remedy: near.map { "did you mean \($0)?" }
          ?? "use \(Self.methods.prefix(7).joined(separator: ", ")), or * for any"
      )
    }
    try Self.checkPath(parts[1])
    self.init(effect, method: method, path: String(parts[1]))
  }

  static let methods = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
    "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
  ]

  private static func checkPath(_ path: Substring) throws(ValueProblem) {
    guard path.hasPrefix("/") else {
      throw ValueProblem(
        "the path \(quoted(path)) does not begin with a slash",
        remedy: "write /\(path)"
      )
    }
    for byte in path.utf8 {
      switch byte {
      case 0x3F, 0x23:
        throw ValueProblem(
          "the path \(quoted(path)) holds a query or a fragment",
          remedy: "leave it out; rules judge the path alone"
        )
      case 0x25:
        throw ValueProblem(
          "the path \(quoted(path)) is percent-encoded",
          remedy: "write the path as it reads once decoded"
        )
      case 0...0x20, 0x7F, 0x5C:
        throw ValueProblem(
          "the path \(quoted(path)) holds a control character or a backslash",
          remedy: "write a path as in /v1/**"
        )
      default:
        break
      }
    }
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      if segment == "." || segment == ".." || (segment.isEmpty && index < segments.count - 1) {
        throw ValueProblem(
          "the path \(quoted(path)) is not in its shortest form",
          remedy: "remove '.', '..' and doubled slashes"
        )
      }
      if segment != "**", segment.firstRange("**") {
        throw ValueProblem(
          "the path \(quoted(path)) uses '**' for a part of a segment",
          remedy: "'**' stands for whole segments, as in /v1/**"
        )
      }
    }
  }
}

extension Substring {
  fileprivate func firstRange(_ needle: String) -> Bool {
    String(self).firstRange(ofASCII: needle) != nil
  }
}
