extension JSON {
  /// The root of a request.
  static func request(_ body: [UInt8], bounds: JSONBounds = .request) throws(RequestError) -> JSON {
    do throws(JSONError) {
      return try JSONDocument.object(body, bounds: bounds)
    } catch { throw .malformed(error) }
  }

  /// A string that may be missing or null, and nothing else.
  func optionalString(
    _ key: StaticString,
    at path: @autoclosure () -> String = ""
  ) throws(RequestError) -> String? {
    guard let value = present(key) else { return nil }
    guard let string = value.string else { throw Self.wrong(path(), key, "must be a string") }
    return string
  }

  func requiredString(
    _ key: StaticString,
    at path: @autoclosure () -> String = ""
  ) throws(RequestError) -> String {
    guard let string = try optionalString(key, at: path()) else {
      throw Self.wrong(path(), key, "is missing")
    }
    return string
  }

  func optionalBool(
    _ key: StaticString,
    at path: @autoclosure () -> String = ""
  ) throws(RequestError) -> Bool? {
    guard let value = present(key) else { return nil }
    guard let bool = value.bool else { throw Self.wrong(path(), key, "must be a Boolean") }
    return bool
  }

  func optionalNumber(
    _ key: StaticString,
    at path: @autoclosure () -> String = ""
  ) throws(RequestError) -> JSONNumber? {
    guard let value = present(key) else { return nil }
    guard let number = value.number else { throw Self.wrong(path(), key, "must be a number") }
    return number
  }

  /// A whole number that is not negative and not absurd.
  func optionalCount(
    _ key: StaticString,
    at path: @autoclosure () -> String = ""
  ) throws(RequestError) -> Int? {
    guard let value = present(key) else { return nil }
    guard let int = value.int, int >= 0, int <= 1 << 40 else {
      throw Self.wrong(path(), key, "must be a whole number that is not negative")
    }
    return int
  }

  func requiredArray(
    _ key: StaticString,
    at path: @autoclosure () -> String = ""
  ) throws(RequestError) -> JSONElements {
    guard let value = present(key) else { throw Self.wrong(path(), key, "is missing") }
    guard value.isArray else { throw Self.wrong(path(), key, "must be an array") }
    return value.elements
  }

  func optionalArray(
    _ key: StaticString,
    at path: @autoclosure () -> String = ""
  ) throws(RequestError) -> JSONElements {
    present(key) == nil ? JSONElements.none : try requiredArray(key, at: path())
  }

  /// One string, or a list of them.
  func stringOrStrings(_ key: StaticString) throws(RequestError) -> [String] {
    guard let value = present(key) else { return [] }
    if let string = value.string { return [string] }
    guard value.isArray else { throw Self.wrong("", key, "must be a string or an array") }
    var strings: [String] = []
    for element in value.elements {
      guard let string = element.string else { throw Self.wrong("", key, "must hold strings") }
      strings.append(string)
    }
    return strings
  }

  private static func wrong(_ path: String, _ key: StaticString, _ why: String) -> RequestError {
    .invalid(path: path.isEmpty ? key.description : "\(path).\(key)", why: why)
  }
}

extension Media {
  /// An address, taken apart if the data stands in it.
  init(address: String) {
    guard address.hasPrefix("data:"), let comma = address.utf8.firstIndex(of: UInt8(ascii: ",")),
      address[..<comma].hasSuffix(";base64")
    else {
      self.init(.address(address))
      return
    }
    let head = address[address.utf8.index(address.startIndex, offsetBy: 5)..<comma]
    let type = head.split(separator: ";", omittingEmptySubsequences: false).first ?? ""
    let data = address[address.utf8.index(after: comma)...]
    self.init(.base64(String(data)), type: type.isEmpty ? nil : String(type))
  }

  /// The address, with the data in it if there is no other; nil for what only a provider finds.
  func address(defaultType: String) -> String? {
    switch source {
    case .address(let address): address
    case .base64(let data): "data:\(type ?? defaultType);base64,\(data)"
    case .stored, .plainText: nil
    }
  }
}
