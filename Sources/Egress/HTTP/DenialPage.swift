import NIOCore
import NIOHTTP1

/// What a run reads where its request was refused: the rule, the reason, and what would allow it.
struct DenialPage {
  let head: AnswerHead
  let body: ByteBuffer

  /// - Parameters:
  ///   - request: decides the form: JSON, a page for people, or the plain text that git shows.
  ///   - given: what is said in the place of a page, and its type.
  init(
    _ refusal: Refusal,
    status: Int,
    to request: RequestHead?,
    body given: ByteBuffer? = nil,
    type givenType: String? = nil
  ) {
    let accept = request?.headers["accept"].joined(separator: ",").lowercased() ?? ""
    let agent = request?.headers.first(name: "user-agent") ?? ""
    let text: String
    let type: String
    if accept.contains("text/html") {
      type = "text/html; charset=utf-8"
      text = Self.html(refusal, status)
    } else if agent.hasPrefix("git/") {
      type = "text/plain; charset=utf-8"
      text = Self.plain(refusal)
    } else {
      type = "application/json"
      text = Self.json(refusal)
    }
    body = given ?? ByteBuffer(string: text)
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: givenType ?? type)
    headers.add(name: "cache-control", value: "no-store")
    headers.add(name: "x-content-type-options", value: "nosniff")
    headers.add(name: "x-caisson-rule", value: Self.headerText(refusal.rule))
    head = AnswerHead(
      status: HTTPResponseStatus(statusCode: status),
      headers: headers,
      length: UInt64(body.readableBytes),
      mayHaveBody: request?.method != "HEAD"
    )
  }

  private static func plain(_ refusal: Refusal) -> String {
    var text = "caisson: \(refusal.reason)\nrule: \(refusal.rule)\n"
    if let remedy = refusal.remedy { text += "to allow it: \(remedy)\n" }
    return text
  }

  private static func json(_ refusal: Refusal) -> String {
    var fields = [
      "\"kind\":\(quote(refusal.kind.rawValue))", "\"rule\":\(quote(refusal.rule))",
      "\"reason\":\(quote(refusal.reason))",
    ]
    if let remedy = refusal.remedy { fields.append("\"remedy\":\(quote(remedy))") }
    return "{\"error\":{\(fields.joined(separator: ","))}}\n"
  }

  private static func html(_ refusal: Refusal, _ status: Int) -> String {
    let remedy = refusal.remedy.map {
      "<p>To allow it, add to the policy:</p><pre>\(escape($0))</pre>"
    }
    return """
      <!doctype html><meta charset="utf-8"><title>\(status): refused by Caisson</title>
      <h1>Refused by Caisson</h1>
      <p>\(escape(refusal.reason))</p>
      <p>Rule: <code>\(escape(refusal.rule))</code></p>
      \(remedy ?? "")

      """
  }

  private static func quote(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  private static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "&": escaped += "&amp;"
      case "\"": escaped += "&quot;"
      default: escaped.append(character)
      }
    }
    return escaped
  }

  /// A header holds visible ASCII here, whatever a rule holds.
  private static func headerText(_ text: String) -> String {
    String(
      decoding: text.utf8.prefix(256).map { (0x20...0x7E).contains($0) ? $0 : 0x3F },
      as: UTF8.self
    )
  }
}
