import NIOCore
import NIOHTTP1

/// The run's end of one request: a connection of HTTP/1.1, or a stream of HTTP/2.
///
/// Everything happens on the event loop of the connection.
protocol Asker: AnyObject {
  /// Whether more of the answer may be handed over now.
  var isWritable: Bool { get }
  /// Asks for more of the request's body, once.
  func wantBody()
  /// Says that the body may be sent, where the request waits for that.
  func goAhead()
  func answer(_ head: AnswerHead)
  func answerBody(_ bytes: ByteBuffer)
  func answerEnd(_ trailers: HTTPHeaders?)
  func flushAnswer()
  /// Breaks off: the answer cannot be finished.
  func abort()
  /// Hands the connection over, after an answer of 101; what follows is no longer HTTP.
  func becomeTunnel(_ head: AnswerHead) -> TunnelEnd?
}

/// The head of an answer as it goes to the run, without anything about the connection.
struct AnswerHead: Sendable {
  var status: HTTPResponseStatus
  var headers: HTTPHeaders
  /// The length of the body where it is known.
  var length: UInt64?
  /// Whether a body may follow: not for HEAD, 204 and 304.
  var mayHaveBody: Bool
}
