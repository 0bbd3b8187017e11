import NIOHTTP1

/// Reads the head of a server's answer: what of it is for the run, and where its body ends.
enum AnswerReader {
  static func read(
    _ head: HTTPResponseHead,
    to request: RequestHead,
    isDecoded: Bool
  ) -> Result<AnswerHead, Refusal> {
    var answer = AnswerHead(
      status: head.status,
      headers: HTTPHeaders(),
      length: nil,
      mayHaveBody: request.method != "HEAD" && head.status != .noContent
        && head.status != .notModified
    )
    answer.headers.reserveCapacity(head.headers.count)
    var listed: [String] = []
    var coding: String?
    for (name, value) in head.headers {
      guard isWell(value) else {
        return .failure(unclear("a header of the answer holds a control character"))
      }
      let lower = name.lowercased()
      switch lower {
      case "content-length":
        guard let length = UInt64(value), answer.length == nil || answer.length == length else {
          return .failure(unclear("the length of the answer is not clear"))
        }
        answer.length = length
      case "content-encoding":
        coding = coding.map { "\($0), \(value)" } ?? value.lowercased()
      case "transfer-encoding" where value.lowercased() != "chunked":
        // A coding that is taken off by nobody would hide what an answer gives back.
        return .failure(unclear("the answer is in a transfer coding other than chunked"))
      case "connection":
        guard value.utf8.count <= 1024 else {
          return .failure(unclear("the header Connection of the answer is too long"))
        }
        listed += value.lowercased().split(separator: ",").map { String($0.trimmed) }
      case "transfer-encoding":
        // Any other coding would carry a body past whoever looks into it.
        guard value.lowercased() == "chunked" else {
          return .failure(unclear("the answer is framed by something else than chunks"))
        }
      case _ where isHop(lower):
        break
      default:
        answer.headers.add(name: name, value: value)
      }
    }
    for name in listed where name != "close" && name != "keep-alive" {
      answer.headers.remove(name: name)
    }
    // The coding that frames the body wins over a length beside it, as everywhere.
    if head.headers.contains(name: "transfer-encoding") { answer.length = nil }
    guard let coding, coding != "identity" else { return .success(answer) }
    guard isDecoded, answer.mayHaveBody else {
      answer.headers.add(name: "content-encoding", value: coding)
      return .success(answer)
    }
    guard coding == "gzip" || coding == "deflate" else {
      return .failure(
        unclear("the answer to a request with a credential is in a coding that is not taken off")
      )
    }
    answer.length = nil
    answer.headers.remove(name: "etag")
    return .success(answer)
  }

  /// What belongs to the connection to the server, or would lead past this one.
  static func isHop(_ name: String) -> Bool {
    switch name {
    case "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "te", "trailer",
      "transfer-encoding", "upgrade", "alt-svc", "x-caisson-rule":
      true
    default:
      false
    }
  }

  private static func isWell(_ value: String) -> Bool {
    value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
  }

  private static func unclear(_ reason: String) -> Refusal {
    Refusal(.malformed, rule: Refusal.server, reason: reason)
  }
}
