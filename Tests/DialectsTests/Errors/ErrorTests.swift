import Testing

@testable import Dialects

@Suite struct ErrorTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `an error has each family's own shape`() {
    var error = ProviderError(.rateLimit, "slow \"down\"", status: 429)
    error.parameter = "model"
    #expect(
      text(ErrorShape.body(error, of: .openAI))
        == #"{"error":{"message":"slow \"down\"","type":"rate_limit_error","param":"model","code":"rate_limit_exceeded"}}"#
    )
    #expect(
      text(ErrorShape.body(error, of: .anthropic, requestID: "req_1"))
        == #"{"type":"error","error":{"type":"rate_limit_error","message":"slow \"down\""},"request_id":"req_1"}"#
    )
    #expect(text(ErrorShape.body(error, of: .ollama)) == #"{"error":"slow \"down\""}"#)
    #expect(
      text(ErrorShape.body(error, of: .gemini))
        == #"{"error":{"code":429,"message":"slow \"down\"","status":"RESOURCE_EXHAUSTED"}}"#
    )
  }

  @Test func `what is left of a budget is told in details`() throws {
    var error = ProviderError(.budget, "the budget is spent")
    error.details = try RawJSON(
      parsing: #"{"asked":"0.02 USD","left":"0.00 USD","resets":"2026-04-01"}"#
    )
    #expect(error.clientStatus == 402)
    #expect(
      text(ErrorShape.body(error, of: .openAI))
        == #"{"error":{"message":"the budget is spent","type":"insufficient_quota","param":null,"code":"insufficient_quota","details":{"asked":"0.02 USD","left":"0.00 USD","resets":"2026-04-01"}}}"#
    )
  }

  @Test func `an error within a stream has its dialect's frame`() {
    let error = ProviderError(.overloaded, "busy")
    #expect(
      text(ErrorShape.frame(error, of: .openAIChat))
        == "data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\",\"param\":null,\"code\":\"server_overloaded\"}}\n\n"
    )
    #expect(
      text(ErrorShape.frame(error, of: .anthropic))
        == "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n"
    )
    #expect(text(ErrorShape.frame(error, of: .ollamaGenerate)) == "{\"error\":\"busy\"}\n")
    #expect(
      text(ErrorShape.frame(error, of: .openAIResponses, sequence: 4))
        == "event: error\ndata: {\"type\":\"error\",\"code\":\"server_overloaded\",\"message\":\"busy\",\"param\":null,\"sequence_number\":4}\n\n"
    )
  }

  private static let bodies: [(Int, String, ProviderError.Kind)] = [
    (
      401, #"{"error":{"message":"m","type":"invalid_request_error","code":"invalid_api_key"}}"#,
      .authentication
    ),
    (
      429, #"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#,
      .budget
    ),
    (429, #"{"error":{"message":"m","type":"requests","code":"rate_limit_exceeded"}}"#, .rateLimit),
    (
      404, #"{"error":{"message":"m","type":"invalid_request_error","code":"model_not_found"}}"#,
      .notFound
    ),
    (400, #"{"error":{"message":"m","code":"context_length_exceeded"}}"#, .contextLength),
    (
      400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#,
      .contextLength
    ),
    (
      400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
      .budget
    ),
    (
      529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
      .overloaded
    ),
    (413, #"{"type":"error","error":{"type":"request_too_large","message":"m"}}"#, .tooLarge),
    (403, #"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED"}}"#, .permission),
    (503, #"[{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]"#, .overloaded),
    (404, #"{"error":"model 'x' not found"}"#, .notFound),
    (422, #"{"detail":"no"}"#, .invalidRequest),
    (422, #"{"detail":[{"loc":["body"]}]}"#, .invalidRequest),
    (502, "<html>Bad Gateway</html>", .upstream), (500, "", .server), (418, "{}", .invalidRequest),
  ]

  @Test(arguments: bodies.indices)
  func `an upstream's error is read in any shape`(index: Int) {
    let (status, body, kind) = Self.bodies[index]
    let error = ErrorReader.read(status: status, body: Array(body.utf8), of: .openAI)
    #expect(error.kind == kind)
    #expect(error.status == status)
    #expect(!error.message.isEmpty)
  }

  @Test func `what a validator says is passed on`() {
    let body =
      #"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","x"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error"}"#
    let error = ErrorReader.read(status: 422, body: Array(body.utf8), of: .openAI)
    #expect(error.message == "Extra inputs are not permitted")
    #expect(error.kind == .invalidRequest)
  }

  @Test func `when to come back is read from body and header`() {
    let body =
      #"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]}}"#
    #expect(ErrorReader.read(status: 429, body: Array(body.utf8), of: .gemini).retryAfter == 34.07)
    let header = ErrorReader.read(status: 429, body: [], of: .openAI, retryAfter: 2)
    #expect(header.retryAfter == 2)
    #expect(header.kind == .rateLimit)
    #expect(ErrorReader.read(status: 429, body: [], of: .openAI, retryAfter: -1).retryAfter == nil)
  }

  @Test func `a refused request becomes an error that names its field`() {
    let error = ProviderError(RequestError.invalid(path: "messages[0].role", why: "is not a role"))
    #expect(error.clientStatus == 400)
    #expect(error.parameter == "messages[0].role")
    #expect(error.message == "messages[0].role: is not a role")
    let long = ProviderError(RequestError.malformed(JSONError(.tooLong, at: 0)))
    #expect(long.clientStatus == 413)
  }

  @Test(arguments: ProviderError.Kind.allCases)
  func `every kind has a status that is an error`(kind: ProviderError.Kind) {
    #expect((400...599).contains(ProviderError(kind, "m").clientStatus))
    #expect((400...599).contains(ProviderError(kind, "m", status: 200).clientStatus))
  }
}
