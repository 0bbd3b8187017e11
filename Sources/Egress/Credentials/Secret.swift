package import Policy

/// A credential as the run knows it, by name and placeholder, and what it stands for.
package struct Secret: Hashable, Sendable {
  package struct Field: Hashable, Sendable {
    package var method: String
    /// A pattern as in request rules: `*` within a segment, `**` across.
    package var path: String
    package var field: String

    package init(method: String, path: String, field: String) {
      self.method = method
      self.path = path
      self.field = field
    }
  }

  /// The one place in a request where the value may stand.
  package enum Place: Hashable, Sendable {
    /// Its name in lower case; inside Basic authentication, too.
    case header(String)
    case query(Field)
    case body(Field)
  }

  package struct Binding: Hashable, Sendable {
    package var host: HostPattern
    package var place: Place

    package init(host: HostPattern, place: Place) {
      self.host = host
      self.place = place
    }
  }

  package let name: String
  package let placeholder: String
  package let value: String
  package let bindings: [Binding]

  /// - Throws: where the value could not stand in a header, or the placeholder could be mistaken.
  package init(
    name: String,
    placeholder: String,
    value: String,
    bindings: [Binding]
  ) throws(SecretProblem) {
    let isPlain = placeholder.utf8.allSatisfy {
      (0x61...0x7A).contains($0 | 0x20) && $0 < 0x80 || (0x30...0x39).contains($0) || $0 == 0x5F
    }
    guard isPlain, placeholder.utf8.count >= 12 else {
      throw SecretProblem("the placeholder of \(name) is not 12 or more letters, digits and '_'")
    }
    guard !value.isEmpty, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw SecretProblem("the value of \(name) is empty, or holds a control character")
    }
    self.name = name
    self.placeholder = placeholder
    self.value = value
    self.bindings = bindings
  }
}

/// Why a secret cannot be used; never holds its value.
package struct SecretProblem: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
