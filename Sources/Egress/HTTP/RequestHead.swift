import NIOHTTP1

/// The head of a request as a run wrote it, once nothing in it can be read in two ways.
///
/// HTTP/1.1 and HTTP/2 both end in this value, so that what is judged and what is sent on cannot
/// depend on which of them was spoken.
struct RequestHead: Equatable, Sendable {
  /// How long the body is, as the head says.
  enum Framing: Equatable, Sendable {
    case none
    case length(UInt64)
    case chunked
  }

  var method: String
  /// As written: a path with its query, or an absolute address.
  var target: String
  /// The one `Host` or `:authority`.
  var authority: String
  /// As written, without what concerns the connection alone: `Host`, framing, hop-by-hop fields.
  var headers: HTTPHeaders
  var framing: Framing
  /// The minor version of HTTP/1; nil for HTTP/2.
  var minor: UInt8?
  var expectsContinue: Bool
  /// Whether the connection may serve another request.
  var isPersistent: Bool
  /// Whether an answer may end in trailers, which only HTTP/2 is asked for.
  var takesTrailers: Bool
  /// What the connection should become, in lower case.
  var upgrade: String?
}

/// Why bytes are not a request.
struct HeadProblem: Error, Equatable, Sendable {
  /// What the run is answered.
  var status: Int
  var reason: String

  init(_ reason: String, status: Int = 400) {
    self.status = status
    self.reason = reason
  }
}

/// What a head may hold at most.
struct HeadBounds: Sendable {
  /// All of it, in bytes.
  var head = 64 << 10
  /// The request line.
  var line = 16 << 10
  /// Header fields.
  var fields = 200
}
