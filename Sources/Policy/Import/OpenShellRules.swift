/// The rules of an endpoint of OpenShell, in Caisson's patterns.
///
/// There `*` and `**` both cross slashes and stand for any number of characters. An allowance is
/// brought into a pattern that means no more, a denial into one that means no less.
struct OpenShellRules {
  var rules: [RequestRule] = []
  var websocket = false

  /// Nil, with the difference noted, where the endpoint has to be left out.
  static func read(
    _ keys: [String: YAMLNode],
    _ kind: String,
    _ path: String,
    _ reader: inout ImportReader
  ) -> OpenShellRules? {
    var read = OpenShellRules()
    let access = reader.text(keys["access"], "\(path).access")
    let place = reader.text(keys["path"], "\(path).path") ?? ""
    let below = place.isEmpty ? "/**" : place
    let isOpen = kind.isEmpty || kind == "tcp"
    if isOpen, keys["rules"] == nil, keys["deny_rules"] == nil, place.isEmpty,
      access == nil || access == "full"
    {
      return read
    }
    switch access {
    case "full", "read-write", "read-only":
      read.take(access ?? "", below: below, kind, path, &reader)
    case nil:
      if let node = keys["rules"] { read.take(rules: node, below: below, kind, path, &reader) }
    default:
      reader.leave(path, "its access is \(quoted(access ?? ""))")
      return nil
    }
    guard !read.rules.isEmpty else {
      reader.leave(path, "nothing of what it allows can be said here")
      return nil
    }
    if let node = keys["deny_rules"], !read.deny(node, kind, path, &reader) { return nil }
    return read
  }

  private mutating func take(
    _ access: String,
    below: String,
    _ kind: String,
    _ path: String,
    _ reader: inout ImportReader
  ) {
    if kind == "websocket" {
      guard access != "read-only" else {
        reader.differ("\(path): a WebSocket on which nothing may be said cannot be granted.")
        return
      }
      allow("GET", below, path, &reader, isUpgrade: true)
      websocket = true
      return
    }
    let methods =
      switch access {
      case "full": ["*"]
      case "read-write": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"]
      default: ["GET", "HEAD", "OPTIONS"]
      }
    for method in methods { allow(method, below, path, &reader) }
  }

  private mutating func take(
    rules node: YAMLNode,
    below: String,
    _ kind: String,
    _ path: String,
    _ reader: inout ImportReader
  ) {
    var spoken: [String] = []
    var opened: [String] = []
    for item in reader.nodes.list(node, "\(path).rules", example: "{ allow: { method: GET } }") {
      let outer = reader.nodes.map(item.node, item.path, keys: ["allow"])
      guard let allow = outer["allow"] else { continue }
      guard let rule = Written(allow, "\(item.path).allow", &reader) else { continue }
      let text = rule.path == "/**" || rule.path == "**" ? below : rule.path
      guard below == "/**" || text == below else {
        reader.leave(item.path, "it is narrowed by the path of its endpoint")
        continue
      }
      if kind == "websocket" {
        if rule.method != "GET" { spoken.append(text) }
        if rule.method == "GET" || rule.method == "*" { opened.append(text) }
      } else {
        self.allow(rule.method, text, item.path, &reader, query: rule.query)
      }
    }
    for text in opened {
      guard spoken.contains(text) else {
        reader.leave(path, "a WebSocket on which nothing may be said cannot be granted")
        continue
      }
      allow("GET", text, path, &reader, isUpgrade: true)
      websocket = true
    }
  }

  private mutating func allow(
    _ method: String,
    _ written: String,
    _ path: String,
    _ reader: inout ImportReader,
    query: [String: [String]] = [:],
    isUpgrade: Bool = false
  ) {
    guard let pattern = Self.narrowed(written, path, &reader) else { return }
    var variants: [[RequestRule.Condition]] = [[]]
    for (name, values) in query.sorted(by: { $0.key < $1.key }) {
      guard let name = try? RequestRule.Condition.name(name, isHeader: false),
        !values.contains(where: Self.hasClasses), variants.count * values.count <= 64
      else {
        reader.leave(path, "its condition on the query cannot be said here")
        return
      }
      variants = variants.flatMap { former in
        values.map { former + [RequestRule.Condition(name: name, pattern: $0)] }
      }
    }
    do {
      for conditions in variants {
        var rule = try RequestRule(.allow, parsing: "\(method) \(pattern)")
        rule.query = conditions
        if isUpgrade {
          rule.header = [RequestRule.Condition(name: "upgrade", pattern: "websocket")]
        }
        if !rules.contains(rule) { rules.append(rule) }
      }
    } catch {
      reader.leave(path, error.what)
    }
  }

  /// False, with the difference noted, where a denial cannot be kept.
  private mutating func deny(
    _ node: YAMLNode,
    _ kind: String,
    _ path: String,
    _ reader: inout ImportReader
  ) -> Bool {
    for item in reader.nodes.list(node, "\(path).deny_rules", example: "{ method: PUT }") {
      guard let written = Written(item.node, item.path, &reader) else {
        reader.leave(path, "one of its denials cannot be said here")
        return false
      }
      // A denied message is a denied WebSocket: what is said on it is not looked at.
      let method = written.method == "WEBSOCKET_TEXT" ? "GET" : written.method
      let pattern = Self.widened(written.path)
      if pattern != written.path {
        reader.differ(
          "\(item.path): \(quoted(written.path)) is denied more widely, as \(quoted(pattern))."
        )
      }
      // Each alternative is a denial of its own, and all of the names must match in each.
      guard written.query.count <= 1,
        var rule = try? RequestRule(.deny, parsing: "\(method) \(pattern)")
      else {
        reader.leave(path, "one of its denials cannot be said here")
        return false
      }
      guard let (name, values) = written.query.first else {
        rules.append(rule)
        continue
      }
      guard let name = try? RequestRule.Condition.name(name, isHeader: false) else {
        reader.leave(path, "one of its denials cannot be said here")
        return false
      }
      for value in values {
        let pattern = Self.hasClasses(value) ? "*" : value
        rule.query = [RequestRule.Condition(name: name, pattern: pattern)]
        rules.append(rule)
      }
    }
    return true
  }

  private static func hasClasses(_ text: String) -> Bool {
    text.utf8.contains { $0 == 0x3F || $0 == 0x5B || $0 == 0x7B }
  }

  private static func narrowed(
    _ written: String,
    _ path: String,
    _ reader: inout ImportReader
  ) -> String? {
    if written == "**" || written == "/**" || written == "*" || written == "/*" { return "/**" }
    guard !hasClasses(written) else {
      reader.leave(path, "its path \(quoted(written)) holds '?' or brackets")
      return nil
    }
    var segments: [String] = []
    for segment in written.drop(while: { $0 == "/" }).split(
      separator: "/",
      omittingEmptySubsequences: false
    ) {
      // At least one segment, because there the slashes around it stand for themselves.
      if segment == "**" {
        segments += ["*", "**"]
      } else if segment.contains("*") {
        segments.append(singled(segment))
        reader.differ("\(path): '*' in \(quoted(written)) does not cross a slash here.")
      } else {
        segments.append(String(segment))
      }
    }
    return "/" + segments.joined(separator: "/")
  }

  /// Several stars in a row mean what one does.
  private static func singled(_ segment: Substring) -> String {
    var text = ""
    for character in segment where character != "*" || text.last != "*" { text.append(character) }
    return text
  }

  private static func widened(_ written: String) -> String {
    let segments = written.drop { $0 == "/" }
      .split(separator: "/", omittingEmptySubsequences: false)
    var wide: [String] = []
    for segment in segments {
      let isPattern = segment.contains("*") || hasClasses(String(segment))
      if !isPattern {
        wide.append(String(segment))
      } else if wide.last != "**" {
        wide.append("**")
      }
    }
    return "/" + wide.joined(separator: "/")
  }

  /// One rule as it is written there.
  private struct Written {
    var method: String
    var path: String
    var query: [String: [String]] = [:]

    init?(_ node: YAMLNode, _ place: String, _ reader: inout ImportReader) {
      let keys = reader.nodes.map(
        node,
        place,
        keys: ["method", "path", "query", "operation_type", "operation_name", "fields"]
      )
      guard ["operation_type", "operation_name", "fields"].allSatisfy({ keys[$0] == nil }) else {
        reader.leave(place, "it judges the bodies of requests")
        return nil
      }
      method = reader.text(keys["method"], "\(place).method")?.uppercased() ?? "*"
      path = reader.text(keys["path"], "\(place).path") ?? "/**"
      guard let node = keys["query"], !node.isNothing else { return }
      guard case .map(let pairs) = node.content else {
        reader.leave(place, "its condition on the query is no mapping")
        return nil
      }
      for (key, value) in pairs {
        guard case .scalar(let name, _) = key.content else { continue }
        if case .map = value.content {
          let any = reader.nodes.map(value, "\(place).query", keys: ["any"])
          query[name] = reader.texts(any["any"], "\(place).query")
        } else if let text = reader.text(value, "\(place).query") {
          query[name] = [text]
        }
      }
      guard query.count == pairs.count, query.values.allSatisfy({ !$0.isEmpty }) else {
        reader.leave(place, "its condition on the query cannot be said here")
        return nil
      }
    }
  }
}
