import FoundationEssentials
import Policy

extension Configuration {
  /// The secrets, checked; what is wrong with one is said without its value.
  func secretTable() throws(ServiceError) -> SecretTable {
    var table: [Egress.Secret] = []
    for secret in secrets {
      guard let value = String(validating: secret.value, as: UTF8.self) else {
        throw ServiceError("the value of \(secret.name) is not text")
      }
      var bindings: [Egress.Secret.Binding] = []
      for binding in secret.bindings { bindings.append(try binding.checked(secret.name)) }
      do {
        table.append(
          try Egress.Secret(
            name: secret.name,
            placeholder: secret.placeholder,
            value: value,
            bindings: bindings
          )
        )
      } catch {
        throw ServiceError(error.description)
      }
    }
    return SecretTable(table)
  }
}

extension Configuration.Secret.Binding {
  fileprivate func checked(_ name: String) throws(ServiceError) -> Secret.Binding {
    let pattern: HostPattern
    do {
      pattern = try HostPattern(parsing: host)
    } catch {
      throw ServiceError("\(name) is bound to \(host), which is no host")
    }
    switch (header, query, body) {
    case (let header?, nil, nil):
      return Secret.Binding(host: pattern, place: .header(header.lowercased()))
    case (nil, let query?, nil):
      return Secret.Binding(host: pattern, place: .query(query.checked))
    case (nil, nil, let body?):
      return Secret.Binding(host: pattern, place: .body(body.checked))
    default:
      throw ServiceError("\(name) is not bound to exactly one header, query field or body field")
    }
  }
}

extension Configuration.Secret.Binding.Field {
  fileprivate var checked: Secret.Field {
    Secret.Field(method: method, path: path, field: field)
  }
}
