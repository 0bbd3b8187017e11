import Dialects

/// How long a model stays in memory after it was last used.
enum KeepAlive: Equatable, Sendable {
  case seconds(Double)
  case forever

  /// As Ollama's clients write it: seconds, or a duration such as `5m`; what is below zero is for ever.
  ///
  /// - Throws: for anything else.
  init(_ json: JSON) throws(ProviderError) {
    let seconds = json.number?.double ?? json.string.flatMap(Self.seconds)
    guard let seconds, seconds.isFinite else {
      throw ProviderError(
        RequestError.invalid(path: "keep_alive", why: "must be seconds, or a duration such as 5m")
      )
    }
    // A year is for ever.
    self = seconds < 0 || seconds > 31_536_000 ? .forever : .seconds(seconds)
  }

  /// Reads `1h30m`, `300`, `-1m` or `250ms`.
  private static func seconds(_ text: String) -> Double? {
    if let plain = Double(text) { return plain }
    let isNegative = text.hasPrefix("-")
    var rest = isNegative ? text.dropFirst() : text[...]
    guard !rest.isEmpty else { return nil }
    var sum = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let number = Double(digits), let factor = units[String(unit)] else { return nil }
      sum += number * factor
    }
    return isNegative ? -sum : sum
  }

  private static let units: [String: Double] = [
    "ms": 0.001, "s": 1, "m": 60, "h": 3600, "us": 1e-6, "ns": 1e-9,
  ]
}
