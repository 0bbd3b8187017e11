/// The answer to a request over plain HTTP that never had a chance.
enum DenialText {
  static func response(_ refusal: Refusal) -> String {
    let (status, opening) =
      switch refusal.kind {
      case .denied: ("403 Forbidden", "Denied by the policy of this run")
      case .malformed: ("400 Bad Request", "Refused")
      case .unreachable: ("502 Bad Gateway", "Not reached")
      case .limit: ("503 Service Unavailable", "Refused")
      }
    var body = "\(opening): \(printable(refusal.reason)).\n"
    body += "rule: \(printable(refusal.rule))\n"
    if let remedy = refusal.remedy { body += "to allow it: \(printable(remedy))\n" }
    return "HTTP/1.1 \(status)\r\nContent-Type: text/plain; charset=utf-8\r\n"
      + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n" + body
  }

  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\u{7F}" })
    )
  }
}
