import NIOCore
import NIOHTTP1

/// The headers that decide where a request ends, where it goes, and what the connection becomes.
enum KnownField {
  case host, contentLength, transferEncoding, connection, upgrade, expect, te
  /// Belongs to one connection, and ends with it.
  case hop
  case other

  /// Recognises a name in any case.
  init(_ bytes: Span<UInt8>, _ name: Range<Int>) {
    self = .other
    switch name.count {
    case 2: match(bytes, name, [(.te, "te")])
    case 4: match(bytes, name, [(.host, "host")])
    case 6: match(bytes, name, [(.expect, "expect")])
    case 7: match(bytes, name, [(.upgrade, "upgrade"), (.hop, "trailer")])
    case 10: match(bytes, name, [(.connection, "connection"), (.hop, "keep-alive")])
    case 14: match(bytes, name, [(.contentLength, "content-length"), (.hop, "http2-settings")])
    case 16: match(bytes, name, [(.hop, "proxy-connection")])
    case 17: match(bytes, name, [(.transferEncoding, "transfer-encoding")])
    case 19: match(bytes, name, [(.hop, "proxy-authorization")])
    default: break
    }
  }

  init(_ name: String) {
    var name = name
    self = name.withUTF8 { KnownField($0.span, 0..<$0.count) }
  }

  private mutating func match(
    _ bytes: Span<UInt8>,
    _ name: Range<Int>,
    _ candidates: [(KnownField, StaticString)]
  ) {
    for (field, text) in candidates where Self.equal(bytes, name, text) { self = field }
  }

  private static func equal(_ bytes: Span<UInt8>, _ name: Range<Int>, _ text: StaticString) -> Bool
  {
    text.withUTF8Buffer { text in
      for index in 0..<text.count {
        let byte = bytes[name.lowerBound + index]
        let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
        if lower != text[index] { return false }
      }
      return true
    }
  }
}

/// Gathers the fields of a head and refuses those that contradict each other.
struct FieldReader {
  var headers = HTTPHeaders()
  private let minor: UInt8?
  private var host: String?
  private var length: UInt64?
  private var isChunked = false
  private var expectsContinue = false
  private var closes: Bool
  private var isUpgrade = false
  private var takesTrailers = false
  private var upgrade: String?
  /// Headers that the run's end of the connection alone was meant to see.
  private var dropped: [String] = []
  private static let mostDropped = 32

  /// - Parameter minor: of HTTP/1; nil for HTTP/2.
  init(minor: UInt8?) {
    self.minor = minor
    closes = minor == 0
  }

  mutating func take(
    _ name: String,
    _ value: String,
    _ known: KnownField
  ) throws(HeadProblem) {
    switch known {
    case .host:
      guard host == nil else { throw HeadProblem("there is more than one Host") }
      host = value
      return
    case .contentLength:
      guard length == nil else { throw HeadProblem("there is more than one Content-Length") }
      length = try Self.length(value)
    case .transferEncoding:
      guard !isChunked else { throw HeadProblem("there is more than one Transfer-Encoding") }
      guard minor == 1, value.lowercased() == "chunked" else {
        throw HeadProblem("Transfer-Encoding is not chunked alone", status: 501)
      }
      isChunked = true
    case .connection:
      for option in value.lowercased().split(separator: ",") {
        switch option.trimmed {
        case "close": closes = true
        case "upgrade": isUpgrade = true
        case "keep-alive" where minor == 0: closes = false
        case "keep-alive", "te", "http2-settings", "": break
        case let name: dropped.append(String(name))
        }
        guard dropped.count <= Self.mostDropped else {
          throw HeadProblem("Connection names more than \(Self.mostDropped) headers")
        }
      }
    case .upgrade:
      guard upgrade == nil else { throw HeadProblem("there is more than one Upgrade") }
      upgrade = value.lowercased()
    case .expect:
      guard value.lowercased() == "100-continue" else {
        throw HeadProblem("Expect asks for something else than 100-continue", status: 417)
      }
      expectsContinue = minor != 0
    case .te:
      takesTrailers = minor == nil && value.lowercased() == "trailers"
    case .hop:
      break
    case .other:
      headers.add(name: name, value: value)
    }
  }

  /// `:authority`, which a `Host` beside it must not contradict.
  mutating func take(authority: String) throws(HeadProblem) {
    guard host == nil || host == authority else {
      throw HeadProblem("Host and :authority contradict each other")
    }
    host = authority
  }

  /// - Parameter isWhole: of HTTP/2, whether the request ended with its head.
  func head(
    method: String,
    target: String,
    isWhole: Bool = false
  ) throws(HeadProblem) -> RequestHead {
    guard let host, !host.isEmpty else { throw HeadProblem("there is no Host") }
    guard !isChunked || length == nil else {
      throw HeadProblem("Content-Length and Transfer-Encoding contradict each other")
    }
    guard method != "CONNECT" else {
      throw HeadProblem("CONNECT asks for a tunnel within a connection that has its destination")
    }
    var headers = headers
    for name in dropped { headers.remove(name: name) }
    let sized: RequestHead.Framing? = length.map { $0 == 0 ? .none : .length($0) }
    let framing: RequestHead.Framing =
      if minor == nil {
        isWhole ? .none : sized ?? .chunked
      } else {
        isChunked ? .chunked : sized ?? .none
      }
    return RequestHead(
      method: method,
      target: target,
      authority: host,
      headers: headers,
      framing: framing,
      minor: minor,
      expectsContinue: expectsContinue && framing != .none,
      isPersistent: !closes,
      takesTrailers: takesTrailers,
      upgrade: isUpgrade || upgrade != nil ? upgrade ?? "" : nil
    )
  }

  private static func length(_ value: String) throws(HeadProblem) -> UInt64 {
    let utf8 = value.utf8
    guard (1...18).contains(utf8.count), utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let length = UInt64(value)
    else { throw HeadProblem("Content-Length is not a number") }
    return length
  }
}

extension Substring {
  /// Without the white space around it that lists in headers may have.
  var trimmed: Substring {
    var rest = self
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return rest
  }
}
