package import AsyncHTTPClient
import Dialects
import Foundation
import NIOCore
import NIOHTTP1

/// The gateway, as the loop asks it: OpenAI's chat dialect, under the run's own key, each question
/// with the key of its step, so that asking again is not paying again.
package struct ModelClient: Sendable {
  /// What came of a question.
  package enum Result: Sendable, Equatable {
    /// The body of the step's outcome.
    case answer(String)
    /// No answer will come to this question as it is; `status` is the gateway's.
    case refused(status: Int, String)
    /// The answer is lost, possibly billed, and is not asked for again under this key.
    case lost(String)
    /// Nobody answers at the moment.
    case unavailable(String)
  }

  private let http: HTTPClient
  /// Where the gateway listens now; nil where none runs.
  private let place: @Sendable () -> (host: String, port: UInt16)?
  /// Waits before a question is sent again, in seconds.
  private let pauses: [Int]

  private static let largestAnswer = 64 << 20

  package init(
    http: HTTPClient,
    pauses: [Int] = [1, 1, 2, 4, 8, 15, 30, 60],
    place: @escaping @Sendable () -> (host: String, port: UInt16)?
  ) {
    self.http = http
    self.pauses = pauses
    self.place = place
  }

  /// Asks until there is an answer, or until it is certain that there will be none for a while.
  ///
  /// - Parameter isWanted: Whether to go on waiting where nobody answers.
  /// - Throws: `CancellationError` where the answer is not wanted any more.
  package func ask(
    _ body: [UInt8],
    key: String,
    idempotency: String,
    isWanted: @Sendable () -> Bool = { true }
  ) async throws -> Result {
    var pauses = pauses[...]
    while true {
      let (result, wait) = await once(body, key: key, idempotency: idempotency)
      if case .answer = result { return result }
      try Task.checkCancellation()
      guard case .unavailable = result, let pause = pauses.popFirst() else { return result }
      let end = ContinuousClock.now + .seconds(max(pause, min(wait ?? 0, 60)))
      while ContinuousClock.now < end {
        guard isWanted() else { throw CancellationError() }
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  /// - Returns: also how many seconds the gateway says to wait.
  private func once(
    _ body: [UInt8],
    key: String,
    idempotency: String
  ) async -> (Result, Int?) {
    guard let place = place() else { return (.unavailable("no gateway is running"), nil) }
    var request = HTTPClientRequest(
      url: "http://\(place.host):\(place.port)/v1/chat/completions"
    )
    request.method = .POST
    request.headers.add(name: "authorization", value: "Bearer \(key)")
    request.headers.add(name: "content-type", value: "application/json")
    request.headers.add(name: "idempotency-key", value: idempotency)
    request.body = .bytes(ByteBuffer(bytes: body))
    do {
      let response = try await http.execute(request, timeout: .minutes(60))
      let bytes = Array(buffer: try await response.body.collect(upTo: Self.largestAnswer))
      let status = Int(response.status.code)
      let call = response.headers.first(name: "x-caisson-call")
      let wait = response.headers.first(name: "retry-after").flatMap { Int($0) }
      return (Self.read(status, bytes, call: call), wait)
    } catch {
      return (.unavailable("the gateway at \(place.host):\(place.port) failed: \(error)"), nil)
    }
  }

  /// Reads what the gateway said.
  static func read(_ status: Int, _ bytes: [UInt8], call: String?) -> Result {
    guard status == 200 else {
      let error = (try? JSONDocument.object(bytes, bounds: .answer))?["error"]?["message"]?.string
      let text = error ?? "the gateway answered with status \(status)"
      switch status {
      case 409: return .lost(text)
      case 429, 500..., 408: return .unavailable(text)
      default: return .refused(status: status, text)
      }
    }
    guard let json = try? JSONDocument.object(bytes, bounds: .answer),
      let choice = json["choices"]?.elements.first(where: { _ in true }),
      let message = choice["message"], message.isObject
    else { return .refused(status: status, "the answer is no answer of OpenAI's chat dialect") }
    let body = JSONWriter.object { writer in
      writer.int("answer_tokens", json["usage"]?["completion_tokens"]?.int ?? 0)
      writer.string("call", ifAny: call)
      writer.string("finish", ifAny: choice["finish_reason"]?.string)
      writer.raw("message", message.raw)
      writer.string("model", ifAny: json["model"]?.string)
      writer.int("prompt_tokens", json["usage"]?["prompt_tokens"]?.int ?? 0)
    }
    return .answer(String(decoding: body, as: UTF8.self))
  }
}
