import NIOHPACK
import NIOHTTP1

extension RequestHead {
  /// Reads the headers of a stream of HTTP/2.
  init(
    _ fields: HPACKHeaders,
    isWhole: Bool,
    scheme: String,
    bounds: HeadBounds
  ) throws(HeadProblem) {
    guard fields.count <= bounds.fields + 4 else {
      throw HeadProblem("there are more than \(bounds.fields) header fields", status: 431)
    }
    var pseudo: [String: String] = [:]
    var reader = FieldReader(minor: nil)
    reader.headers.reserveCapacity(fields.count)
    var cookies: [String] = []
    var size = 0
    for (name, value, _) in fields {
      size += name.utf8.count + value.utf8.count + 32
      guard size <= bounds.head else {
        throw HeadProblem(
          "the head of the request is larger than \(bounds.head) bytes",
          status: 431
        )
      }
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        throw HeadProblem("a control character stands in the head")
      }
      if name.utf8.first == 0x3A {
        guard reader.headers.isEmpty, pseudo.updateValue(value, forKey: name) == nil else {
          throw HeadProblem("a pseudo-header stands twice, or behind the headers")
        }
        continue
      }
      guard !name.isEmpty,
        name.utf8.allSatisfy({ HeadParser.isToken($0) && !(0x41...0x5A).contains($0) })
      else { throw HeadProblem("the name of a header is not in order") }
      if name == "cookie" {
        cookies.append(value)
        continue
      }
      try reader.take(name, value, KnownField(name))
    }
    // Cut up to be sent more cheaply; HTTP/1.1 has one of them.
    if !cookies.isEmpty {
      reader.headers.add(name: "cookie", value: cookies.joined(separator: "; "))
    }
    guard let method = pseudo.removeValue(forKey: ":method"),
      let path = pseudo.removeValue(forKey: ":path"),
      pseudo.removeValue(forKey: ":scheme") == scheme
    else { throw HeadProblem("the method, the path or the scheme is missing, or another one") }
    if let authority = pseudo.removeValue(forKey: ":authority") {
      try reader.take(authority: authority)
    }
    guard pseudo.isEmpty else { throw HeadProblem("there is an unknown pseudo-header") }
    guard path.utf8.first == 0x2F else { throw HeadProblem("the path does not begin with a slash") }
    self = try reader.head(method: method, target: path, isWhole: isWhole)
  }
}
