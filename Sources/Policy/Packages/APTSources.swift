/// The addresses of apt's repositories, as its lists of sources name them.
package enum APTSources {
  /// Reads a file of one line a repository: `deb [options] address suite components…`.
  package static func addresses(list text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      let content = line.prefix { $0 != "#" }.trimmed
      guard let kind = content.split(whereSeparator: \.isWhitespace).first,
        kind == "deb" || kind == "deb-src"
      else { return nil }
      var rest = content.dropFirst(kind.count).trimmed
      if rest.hasPrefix("[") {
        guard let end = rest.firstIndex(of: "]") else { return nil }
        rest = rest[rest.index(after: end)...].trimmed
      }
      return rest.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }
  }

  /// Reads a file of stanzas, in the format of Debian's control files.
  package static func addresses(stanzas text: String) -> [String] {
    var addresses: [String] = []
    var fields: [String: String] = [:]
    var key = ""
    func take() {
      defer { fields = [:] }
      let isOff = ["no", "false", "0", "off", "without", "disable"]
        .contains(fields["enabled"]?.lowercased())
      if isOff { return }
      addresses += (fields["uris"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      if line.hasPrefix("#") { continue }
      let content = line.trimmed
      if content.isEmpty {
        take()
        key = ""
      } else if line.first == " " || line.first == "\t" {
        if !key.isEmpty { fields[key, default: ""] += " \(content)" }
      } else if let colon = content.firstIndex(of: ":") {
        key = content[..<colon].lowercased()
        fields[key] = String(content[content.index(after: colon)...].trimmed)
      }
    }
    take()
    return addresses
  }
}
