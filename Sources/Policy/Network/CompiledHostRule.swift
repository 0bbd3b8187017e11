/// An entry of `network` with its patterns split once, so that a decision only compares.
struct CompiledHostRule: Sendable {
  struct Rule: Sendable {
    let source: RequestRule
    let index: Int
    private let method: String?
    private let path: PathPattern

    init(_ rule: RequestRule, index: Int) {
      source = rule
      self.index = index
      method = rule.method == "*" ? nil : rule.method
      path = PathPattern(rule.path, isFolded: rule.effect == .deny)
    }

    func allows(_ request: CanonicalRequest) -> Bool {
      isMethod(request) && path.matches(request.segments) && source.conditionsHold(for: request)
    }

    /// - Parameter readings: all that servers could take the path for.
    func denies(_ request: CanonicalRequest, _ readings: [[[UInt8]]]) -> Bool {
      isMethod(request) && readings.contains { path.matches($0) }
        && source.conditionsHold(for: request)
    }

    private func isMethod(_ request: CanonicalRequest) -> Bool {
      method.map { $0 == request.method } ?? true
    }
  }

  let rule: HostRule
  let name: String
  let allowed: [Rule]
  let denied: [Rule]
  private let labels: [[UInt8]]

  init(_ rule: HostRule) {
    self.rule = rule
    name =
      rule.mark.line.map { "network: host \(rule.host.text) (line \($0))" }
      ?? "network: host \(rule.host.text)"
    let rules = rule.rules.enumerated().map { Rule($1, index: $0) }
    allowed = rules.filter { $0.source.effect == .allow }
    denied = rules.filter { $0.source.effect == .deny }
    labels = rule.host.text.utf8.split(separator: 0x2E).map(Array.init)
  }

  var isPattern: Bool { rule.host.text.utf8.contains(0x2A) }

  func matches(_ host: [ArraySlice<UInt8>]) -> Bool {
    guard host.count == labels.count else { return false }
    return zip(labels, host).allSatisfy { own, other in
      own == [0x2A] ? !other.isEmpty : other.elementsEqual(own)
    }
  }

  /// The path as denials read it: without regard to case, with and without what servers cut off,
  /// which is a slash at the end, whatever follows a semicolon, and dots and spaces at the end of a
  /// name, and with an encoded slash as one.
  static func readings(of request: CanonicalRequest) -> [[[UInt8]]] {
    var readings = [request.segments.map(Glob.folded)]
    if request.segments.contains(where: { $0.contains(0x3B) }) {
      readings.append(readings[0].map { Array($0.prefix { $0 != 0x3B }) })
    }
    if request.hasEncodedSlash {
      for reading in readings {
        readings.append(
          reading.flatMap {
            $0.split(separator: 0x2F, omittingEmptySubsequences: false).map(Array.init)
          }
        )
      }
    }
    let isCut: (UInt8) -> Bool = { $0 == 0x2E || $0 == 0x20 }
    for reading in readings where reading.contains(where: { $0.last.map(isCut) == true }) {
      readings.append(reading.map { Array($0.reversed().drop(while: isCut).reversed()) })
    }
    for reading in readings where reading.count > 1 && reading.last == [] {
      readings.append(reading.dropLast())
    }
    return readings
  }
}

extension RequestRule {
  /// What an allowance asks for must hold everywhere; of a denial it is enough that it does once.
  fileprivate func conditionsHold(for request: CanonicalRequest) -> Bool {
    query.allSatisfy { condition in
      hold(condition, in: request.query.filter { $0.name == condition.name }.map(\.value))
    }
      && header.allSatisfy { condition in
        hold(condition, in: request.headers.filter { $0.name == condition.name }.map(\.value))
      }
  }

  private func hold(_ condition: Condition, in values: [String]) -> Bool {
    let pattern = Array(condition.pattern.utf8)
    switch effect {
    case .allow:
      return !values.isEmpty && values.allSatisfy { Glob.matches(pattern, Array($0.utf8)) }
    case .deny:
      let folded = Glob.folded(pattern)
      return values.contains { Glob.matches(folded, Glob.folded(Array($0.utf8))) }
    }
  }
}
