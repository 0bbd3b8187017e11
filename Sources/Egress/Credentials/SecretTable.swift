import NIOCore
import NIOHTTP1
import Policy

/// The secrets of a run, and the exchange of a placeholder for its value in the one place that it
/// is bound to.
package struct SecretTable: Sendable {
  private let secrets: [Secret]
  private let finder: Finder
  private let places: [[PlacePattern]]

  package var isEmpty: Bool { secrets.isEmpty }

  package init(_ secrets: [Secret]) {
    self.secrets = secrets
    finder = Finder(secrets.map { Array($0.placeholder.utf8) })
    places = secrets.map { $0.bindings.map(PlacePattern.init) }
  }

  /// Watches a body that passes as it comes; nil where there is nothing to watch for.
  func spotter() -> Spotter? {
    isEmpty ? nil : Spotter(finder, names: secrets.map(\.name))
  }

  /// Puts values into the head of a request, and finds out whether its body must be looked into.
  ///
  /// - Returns: why the request must not go on: a placeholder stands where it is not bound.
  func swap(_ plan: inout ForwardPlan, isPrivate: Bool) -> Refusal? {
    if let refusal = swapQuery(&plan, isPrivate) { return refusal }
    if let refusal = swapHeaders(&plan, isPrivate) { return refusal }
    let fields = bodyFields(plan)
    if !fields.isEmpty, isPrivate { plan.body = .field(BodyBinding(fields: fields)) }
    if !plan.carried.isEmpty { Self.prepareForLooking(&plan.head.headers) }
    return nil
  }

  /// An answer that is looked into comes whole, and in a coding that can be taken off.
  static func prepareForLooking(_ headers: inout HTTPHeaders) {
    headers.remove(name: "range")
    headers.remove(name: "if-range")
    let asked = headers["accept-encoding"].joined(separator: ",").lowercased()
    let allowed = ["gzip", "deflate"].filter { asked.contains($0) }
    headers.remove(name: "accept-encoding")
    // What is not named is all the same to a server where nothing is said.
    headers.add(
      name: "accept-encoding",
      value: allowed.isEmpty ? "identity" : allowed.joined(separator: ", ")
    )
  }

  private func swapHeaders(_ plan: inout ForwardPlan, _ isPrivate: Bool) -> Refusal? {
    var changes: [(name: String, value: String)]?
    for (index, (name, value)) in plan.head.headers.enumerated() {
      let inside = BasicCredentials(value)
      guard
        finder.first(in: value) != nil || inside.map({ finder.first(in: $0.text) != nil }) == true
      else { continue }
      let lower = name.lowercased()
      let swapped: Result<String, Refusal>
      if let inside, finder.first(in: inside.text) != nil {
        swapped = swap(inside.text, .header(lower), &plan, isPrivate).map { inside.replacing($0) }
      } else {
        swapped = swap(value, .header(lower), &plan, isPrivate)
      }
      switch swapped {
      case .success(let value):
        if changes == nil { changes = plan.head.headers.map { ($0.name, $0.value) } }
        changes?[index].value = value
      case .failure(let refusal):
        return refusal
      }
    }
    if let changes { plan.head.headers = HTTPHeaders(changes) }
    return nil
  }

  private func swapQuery(_ plan: inout ForwardPlan, _ isPrivate: Bool) -> Refusal? {
    guard finder.first(in: plan.head.uri) != nil else { return nil }
    guard let query = plan.canonical.rawQuery, finder.first(in: plan.canonical.path) == nil else {
      return misplaced(in: plan.head.uri, "the path")
    }
    var pairs: [String] = []
    for pair in query.split(separator: "&", omittingEmptySubsequences: false) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard finder.first(in: String(pair)) != nil else {
        pairs.append(String(pair))
        continue
      }
      // Where a server parts fields at semicolons, too, it is another field's value.
      guard parts.count == 2, finder.first(in: String(parts[0])) == nil,
        !parts[1].utf8.contains(0x3B)
      else {
        return misplaced(in: query, "the query")
      }
      let name = FormText.decode(parts[0])
      switch swap(String(parts[1]), .query(name), &plan, isPrivate, encode: FormText.encode) {
      case .success(let value): pairs.append("\(parts[0])=\(value)")
      case .failure(let refusal): return refusal
      }
    }
    plan.head.uri = "\(plan.canonical.path)?\(pairs.joined(separator: "&"))"
    return nil
  }

  /// The fields of the body of this request that secrets are bound to.
  private func bodyFields(_ plan: ForwardPlan) -> [BodyBinding.Field] {
    guard let credential = plan.grant.credential, case .stream = plan.body else { return [] }
    var fields: [BodyBinding.Field] = []
    for (index, secret) in secrets.enumerated() where secret.name == credential {
      for place in places[index] {
        if let field = place.bodyField(plan.canonical) {
          fields.append(BodyBinding.Field(secret: secret, name: field))
        }
      }
    }
    return fields
  }

  /// Puts values into the bound fields of a body that was read whole.
  func swap(
    _ plan: inout ForwardPlan,
    body: inout ByteBuffer,
    _ binding: BodyBinding
  ) -> Refusal? {
    let text = body.readableBytesView
    guard text.withUnsafeBytes({ finder.first(in: $0.bindMemory(to: UInt8.self).span) }) != nil
    else { return nil }
    let types = plan.head.headers["content-type"]
    let type = types.count == 1 ? types[0].lowercased() : ""
    var bytes = Array(text)
    for field in binding.fields {
      let placeholder = Array(field.secret.placeholder.utf8)
      let swapped =
        type.hasPrefix("application/x-www-form-urlencoded")
        ? FormText.replace(in: bytes, field: field.name, placeholder, field.secret.value)
        : type.contains("json")
          ? JSONText.replace(in: bytes, field: field.name, placeholder, field.secret.value) : nil
      guard let swapped else { continue }
      bytes = swapped
      if !plan.carried.contains(field.secret) { plan.carried.append(field.secret) }
    }
    if let match = finder.first(in: bytes.span) {
      return Refusal(misplaced: secrets[match.pattern].name, in: "the body")
    }
    Self.prepareForLooking(&plan.head.headers)
    if plan.head.headers.contains(name: "content-length") {
      plan.head.headers.replaceOrAdd(name: "content-length", value: String(bytes.count))
    }
    body = ByteBuffer(bytes: bytes)
    return nil
  }

  private enum Spot {
    case header(String)
    case query(String)
  }

  /// Replaces what is bound to a place; fails for what is not.
  private func swap(
    _ text: String,
    _ spot: Spot,
    _ plan: inout ForwardPlan,
    _ isPrivate: Bool,
    encode: (String) -> String = { $0 }
  ) -> Result<String, Refusal> {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var position = 0
    while let match = finder.first(in: bytes.span, from: position) {
      let secret = secrets[match.pattern]
      let isBound = places[match.pattern].contains { place in
        switch spot {
        case .header(let name): place.isHeader(name, plan.canonical.host)
        case .query(let field): place.isQuery(field, plan.canonical)
        }
      }
      let place =
        switch spot {
        case .header(let name): "the header \(name)"
        case .query: "the query"
        }
      guard isBound else { return .failure(Refusal(misplaced: secret.name, in: place)) }
      guard plan.grant.credential == secret.name else {
        return .failure(
          Refusal(
            .denied,
            rule: plan.grant.rule,
            reason: "the policy does not let \(secret.name) go to \(plan.canonical.host)",
            remedy: "credential: \(secret.name) in the entry host: \(plan.rule.host.text)"
          )
        )
      }
      guard isPrivate else {
        return .failure(
          Refusal(
            .denied,
            rule: Refusal.credential,
            reason: "\(secret.name) would go to \(plan.canonical.host) without encryption",
            remedy: "use https"
          )
        )
      }
      result += bytes[position..<match.range.lowerBound]
      result += encode(secret.value).utf8
      position = match.range.upperBound
      if !plan.carried.contains(secret) { plan.carried.append(secret) }
    }
    return .success(String(decoding: result + bytes[position...], as: UTF8.self))
  }

  private func misplaced(in text: String, _ place: String) -> Refusal? {
    finder.first(in: text).map { Refusal(misplaced: secrets[$0.pattern].name, in: place) }
  }
}

/// The fields of a body that secrets are bound to.
struct BodyBinding: Sendable {
  struct Field: Sendable {
    var secret: Secret
    var name: String
  }

  var fields: [Field]
}

extension Refusal {
  init(misplaced name: String, in place: String) {
    self.init(
      .denied,
      rule: Refusal.credential,
      reason: "the placeholder of \(name) stands in \(place), where it is not bound to",
      remedy: nil
    )
  }
}
