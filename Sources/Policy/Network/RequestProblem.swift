/// Why a request cannot be judged: it is malformed, or two readers could read it in two ways.
package struct RequestProblem: Error, Hashable, Sendable {
  /// The built-in rule, as the audit names it.
  package let rule: String
  package let reason: String

  package init(_ reason: String) {
    rule = BuiltInRule.unambiguous.name
    self.reason = printable(reason, atMost: 400)
  }
}

/// What the headers of a request may not hold, whatever the policy says.
package enum RequestHeaders {
  /// The first header by which a server would take the request for another one.
  package static func problem(
    _ headers: some Sequence<(name: String, value: String)>
  ) -> RequestProblem? {
    for (name, _) in headers where isOverride(name) {
      return RequestProblem(
        "the header \(quoted(name)) asks the server to take the request for another one"
      )
    }
    return nil
  }

  static func isOverride(_ name: String) -> Bool {
    // Gateways hand headers on as variables, in which the two look the same.
    let plain = String(name.map { $0 == "_" ? "-" : $0 }).lowercased()
    return overrides.contains(plain)
  }

  private static let overrides: Set = [
    "x-http-method-override", "x-http-method", "x-method-override", "x-original-url",
    "x-original-uri", "x-rewrite-url", "x-override-url", "x-original-method",
    "x-http-path-override",
    // Written with underscores; with hyphens they frame the request, and do not come this far.
    "content-length", "transfer-encoding",
  ]

  /// Fields of a query that frameworks take for a method.
  static let overridingFields: Set = [
    "_method", "x-http-method-override", "x-http-method", "x-method-override", "$httpmethod",
    "httpmethod",
  ]
}
