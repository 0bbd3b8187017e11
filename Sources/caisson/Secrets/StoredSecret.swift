import Policy

/// A secret as it is kept: its value, and the places that it may be put into.
struct StoredSecret: Codable, Equatable, Sendable {
  let name: String
  let value: [UInt8]
  let bindings: [SecretBinding]
  /// Seconds since 1970.
  let stored: Int64

  static let longestValue = 64 << 10

  /// - Throws: where the value could not stand in any place of a request.
  init(
    name: String,
    value: [UInt8],
    bindings: [SecretBinding],
    stored: Int64
  ) throws(SecretError) {
    guard Self.isName(name) else { throw .malformedName(name) }
    guard !value.isEmpty else { throw .emptyValue(name) }
    guard value.count <= Self.longestValue else { throw .valueTooLong(name) }
    guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .valueHoldsControls(name) }
    self.name = name
    self.value = value
    self.bindings = bindings
    self.stored = stored
  }

  /// Names are those of variables: a run finds the placeholder in one of this name.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, (1...64).contains(text.utf8.count) else { return false }
    return !(0x30...0x39).contains(first)
      && text.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) && $0 < 0x80 || (0x30...0x39).contains($0) || $0 == 0x5F
      }
  }
}

/// A place that a secret may be put into: at one host, one header, or one field of one request.
struct SecretBinding: Codable, Equatable, Sendable {
  struct Field: Codable, Equatable, Sendable {
    let method: String
    let path: String
    let field: String
  }

  let host: String
  /// In lower case.
  var header: String?
  var query: Field?
  var body: Field?

  /// As a person reads it.
  var text: String {
    if let header { return "\(host), header \(header)" }
    if let query { return "\(host), query of \(query.method) \(query.path), field \(query.field)" }
    if let body { return "\(host), body of \(body.method) \(body.path), field \(body.field)" }
    return host
  }

  static func host(_ text: String) throws(SecretError) -> String {
    do {
      let pattern = try HostPattern(parsing: text)
      guard !pattern.text.contains("*") else {
        throw SecretError.malformedBinding(
          "'\(text)' is a pattern of hosts; name the one host that the secret is for"
        )
      }
      return pattern.text
    } catch let error as ValueProblem {
      throw .malformedBinding("\(error.what); \(error.remedy)")
    } catch {
      throw .malformedBinding("\(error)")
    }
  }

  static func header(_ text: String) throws(SecretError) -> String {
    let name = text.lowercased()
    let isToken = name.utf8.allSatisfy {
      (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
    }
    guard isToken, (1...64).contains(name.utf8.count), !steering.contains(name) else {
      throw .malformedBinding(
        "'\(text)' is not a header that can carry a secret; try Authorization"
      )
    }
    return name
  }

  /// Headers that steer a connection, and tell nobody who asks.
  private static let steering: Set = [
    "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade",
    "expect", "range", "accept-encoding", "content-encoding", "proxy-connection", "keep-alive",
  ]

  /// Reads `METHOD:PATH:FIELD`.
  static func field(_ text: String) throws(SecretError) -> Field {
    let example = "write it as in POST:/login:password"
    guard let first = text.firstIndex(of: ":"), let last = text.lastIndex(of: ":"), first < last
    else { throw .malformedBinding("'\(text)' is not METHOD:PATH:FIELD; \(example)") }
    let method = String(text[..<first])
    let path = String(text[text.index(after: first)..<last])
    let field = String(text[text.index(after: last)...])
    do {
      _ = try RequestRule(.allow, parsing: "\(method) \(path)")
    } catch {
      throw .malformedBinding("\(error.what); \(error.remedy)")
    }
    guard !method.contains("*"), !path.contains("*"), !path.contains(" ") else {
      throw .malformedBinding("'\(text)' holds a wildcard; name one method and one path")
    }
    guard (1...128).contains(field.utf8.count),
      field.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x26 && $0 != 0x3D })
    else { throw .malformedBinding("'\(text)' names no field; \(example)") }
    return Field(method: method, path: path, field: field)
  }
}
