import Testing

@testable import Dialects

@Suite struct ListingTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private var models: [ListedModel] {
    var model = ListedModel(id: "gpt-5.4", owner: "openai", created: 1_775_000_000)
    model.contextLength = 400_000
    model.callsTools = true
    model.seesImages = true
    return [model]
  }

  @Test func `models are listed in each dialect`() {
    #expect(
      text(ModelListing.openAI(models))
        == #"{"object":"list","data":[{"id":"gpt-5.4","object":"model","created":1775000000,"owned_by":"openai"}]}"#
    )
    #expect(
      text(ModelListing.anthropic(models))
        == #"{"data":[{"type":"model","id":"gpt-5.4","display_name":"gpt-5.4","created_at":"2026-03-31T23:33:20Z"}],"has_more":false,"first_id":"gpt-5.4","last_id":"gpt-5.4"}"#
    )
    let tags = text(ModelListing.ollamaTags(models))
    #expect(tags.hasPrefix(#"{"models":[{"name":"gpt-5.4","model":"gpt-5.4","modified_at":"2026"#))
    #expect(text(ModelListing.ollamaTags([])) == #"{"models":[]}"#)
    #expect(text(ModelListing.ollamaTags(models, isRunning: true)).contains("expires_at"))
    let show = text(ModelListing.ollamaShow(models[0]))
    #expect(show.contains(#""capabilities":["completion","tools","vision"]"#))
    #expect(show.contains(#""remote.context_length":400000"#))
    #expect(text(ModelListing.ollamaVersion()) == #"{"version":"0.13.0"}"#)
    #expect(text(ModelListing.countTokens(12)) == #"{"input_tokens":12}"#)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
      (1_709_251_199, "2024-02-29T23:59:59Z"), (4_102_444_800, "2100-01-01T00:00:00Z"),
      (253_402_300_799, "9999-12-31T23:59:59Z"), (.max, "9999-12-31T23:59:59Z"),
      (.min, "1970-01-01T00:00:00Z"),
    ]
  )
  func `moments are written as RFC 3339 says`(seconds: Int, expected: String) {
    #expect(AnswerContext(now: seconds).timestamp == expected)
  }

  @Test(
    arguments: [
      (
        Dialect.gemini, "gemini-3-pro", true,
        "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"
      ),
      (.gemini, "models/x", false, "/v1beta/models/x:generateContent"),
      (.gemini, "a/../b?c=é", false, "/v1beta/models/a%2F..%2Fb%3Fc%3D%C3%A9:generateContent"),
      (.openAIChat, "../x", false, "/chat/completions"), (.ollamaChat, "x", true, "/api/chat"),
    ]
  )
  func `a model's name cannot lead to another path`(
    dialect: Dialect,
    model: String,
    isStream: Bool,
    path: String
  ) {
    #expect(dialect.path(model: model, isStream: isStream) == path)
  }
}
