/// What a client says first, judged for the place that it wants to reach.
enum Opening: Hashable, Sendable {
  case more
  /// The handshake asks for the place's own name.
  case tls(serverName: String)
  case plain
  case refused(Refusal)

  static let rule = "names: SNI, Host and the address agree"

  /// Judges bytes for a host; of a handshake that is passed on unseen, nothing may be hidden.
  static func judge(_ bytes: [UInt8], host: String, isPassed: Bool) -> Opening {
    guard let first = bytes.first else { return .more }
    guard ClientHello.isBegunBy(first) else { return .plain }
    switch ClientHello.read(bytes) {
    case .more:
      return .more
    case .malformed(let reason):
      return .refused(Refusal(.malformed, rule: rule, reason: "TLS towards \(host): \(reason)"))
    case .hello(let hello):
      guard let name = hello.serverName else {
        return .refused(
          Refusal(.denied, rule: rule, reason: "TLS towards \(host) does not say for which name")
        )
      }
      guard name == host else {
        return .refused(
          Refusal(.denied, rule: rule, reason: "TLS towards \(host) asks for \(name)")
        )
      }
      if isPassed, hello.hasEncryptedName {
        return .refused(
          Refusal(
            .denied,
            rule: "names: no Encrypted Client Hello",
            reason: "TLS towards \(host) hides the name that it asks for"
          )
        )
      }
      return .tls(serverName: name)
    }
  }

  /// The name that a client says it wants, where its address is shared by several.
  enum Name: Hashable, Sendable {
    case more
    case name(String)
    /// Neither TLS nor HTTP.
    case none
    case refused(Refusal)
  }

  static func name(_ bytes: [UInt8], below pattern: String) -> Name {
    guard let first = bytes.first else { return .more }
    if ClientHello.isBegunBy(first) {
      switch ClientHello.read(bytes) {
      case .more:
        return .more
      case .malformed(let reason):
        return .refused(
          Refusal(.malformed, rule: rule, reason: "TLS towards \(pattern): \(reason)")
        )
      case .hello(let hello):
        return hello.serverName.map(Name.name) ?? .none
      }
    }
    guard let isRequest = HeadText.isRequest(bytes) else { return .more }
    guard isRequest else { return .none }
    guard let end = HeadText.end(of: bytes) else {
      return bytes.count < ProxyRequest.longest
        ? .more
        : .refused(
          Refusal(.malformed, rule: rule, reason: "the head of a request to \(pattern) is too long")
        )
    }
    guard case .one(let value) = HeadText.host(bytes[..<end]),
      let place = HostText.authority(value, defaultPort: 80)
    else {
      return .refused(
        Refusal(.malformed, rule: rule, reason: "a request to \(pattern) does not name its host")
      )
    }
    return .name(place.host)
  }
}
