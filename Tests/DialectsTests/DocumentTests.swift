import Foundation
import Testing

@testable import Dialects

/// The table of docs/dialects.md is made by asking for one thing at a time.
@Suite struct DocumentTests {
  private struct Probe {
    let name: String
    let client: Dialect
    let fields: String

    init(_ name: String, _ fields: String, _ client: Dialect = .openAIChat) {
      self.name = name
      self.client = client
      self.fields = fields
    }

    var body: [UInt8] {
      var body = "{\"model\":\"m\","
      if client == .anthropic, !fields.contains("max_tokens") { body += "\"max_tokens\":20000," }
      if client == .openAIResponses {
        if !fields.contains("\"input\"") { body += "\"input\":\"hi\"," }
      } else if !fields.contains("\"messages\"") {
        body += "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
      }
      return Array((body + fields + "}").utf8)
    }
  }

  private static let tool =
    #"{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}"#
  private static let ownTool = #"{"name":"f","input_schema":{"type":"object","properties":{}}}"#

  private static func user(_ content: String) -> String {
    "\"messages\":[{\"role\":\"user\",\"content\":[\(content)]}]"
  }

  private static func result(_ content: String, _ more: String = "") -> String {
    #""messages":[{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","#
      + #""name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","#
      + "\"content\":\(content)\(more)}]}],\"tools\":[\(ownTool)]"
  }

  private static let probes: [Probe] = [
    Probe(
      "system text",
      #""messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}]"#
    ),
    Probe("temperature, stop, largest length", #""temperature":0.5,"stop":["x"],"max_tokens":9"#),
    Probe("temperature and top_p together", #""temperature":0.5,"top_p":0.9"#),
    Probe("temperature above 1", #""temperature":1.5"#),
    Probe("top_k", #""top_k":40"#, .anthropic), Probe("seed", #""seed":1"#),
    Probe("frequency and presence penalties", #""frequency_penalty":0.5,"presence_penalty":0.5"#),
    Probe("several answers", #""n":2"#), Probe("log probabilities", #""logprobs":true"#),
    Probe("logit_bias", #""logit_bias":{"1":5}"#),
    Probe(
      "picture in the request",
      user(#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}"#)
    ),
    Probe(
      "picture by address",
      user(#"{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}"#)
    ),
    Probe(
      "document in the request",
      user(
        #"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}}"#
      )
    ),
    Probe(
      "document stored with the provider",
      user(#"{"type":"file","file":{"file_id":"file-1"}}"#)
    ),
    Probe(
      "plain text document",
      user(#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"}}"#),
      .anthropic
    ),
    Probe("audio", user(#"{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}"#)),
    Probe("tools, calls and their results", result(#""ok""#), .anthropic),
    Probe(
      "strict tools",
      #""tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{}}}}]"#
    ),
    Probe("some tool must be called", #""tool_choice":"required","tools":[\#(tool)]"#),
    Probe(
      "one tool must be called",
      #""tool_choice":{"type":"function","function":{"name":"f"}},"tools":[\#(tool)]"#
    ),
    Probe("no tool may be called", #""tool_choice":"none","tools":[\#(tool)]"#),
    Probe("one call at a time", #""parallel_tool_calls":false,"tools":[\#(tool)]"#),
    Probe(
      "picture in a tool's result",
      result(
        #"[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]"#
      ),
      .anthropic
    ),
    Probe("mark of a failed tool", result(#""no""#, #","is_error":true"#), .anthropic),
    Probe(
      "tool that the provider runs (Anthropic's)",
      #""tools":[{"type":"web_search_20250305","name":"web_search"}]"#,
      .anthropic
    ),
    Probe(
      "tool that the provider runs (OpenAI's)",
      #""tools":[{"type":"web_search"}]"#,
      .openAIResponses
    ),
    Probe("JSON without a schema", #""response_format":{"type":"json_object"}"#),
    Probe(
      "JSON by a schema",
      #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}}"#
    ),
    Probe("reasoning effort", #""reasoning_effort":"low","max_tokens":9000"#),
    Probe("budget of thoughts", #""thinking":{"type":"enabled","budget_tokens":2000}"#, .anthropic),
    Probe(
      "Anthropic's signed thoughts",
      #""messages":[{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"text","text":"a"}]},{"role":"user","content":"u"}]"#,
      .anthropic
    ),
    Probe(
      "plain thoughts of earlier answers",
      #""messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a","thinking":"t"},{"role":"user","content":"u"}]"#,
      .ollamaChat
    ),
    Probe(
      "marks for caching",
      user(#"{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}"#),
      .anthropic
    ),
    Probe("name of the user", #""user":"u""#),
    Probe(
      "metadata, storing, service tier",
      #""metadata":{"a":"b"},"store":true,"service_tier":"flex""#
    ),
    Probe("options of Ollama's engine", #""options":{"num_ctx":8192}"#, .ollamaChat),
    Probe(
      "a conversation that the provider keeps",
      #""previous_response_id":"resp_1""#,
      .openAIResponses
    ),
    Probe("a field that nobody here knows", #""unknown_field":1"#),
  ]

  private static func cell(_ probe: Probe, _ upstream: Dialect) -> String {
    var options = TranslationOptions(losses: .refuse)
    options.model = "m"
    do throws(RequestError) {
      let result = try Translation.request(probe.body, from: probe.client, to: upstream, options)
      return result.losses.isEmpty ? "carried" : "left out"
    } catch {
      if case .notCarried = error { return "**refused**" }
      return "\(error)"
    }
  }

  private static func table() -> String {
    var lines = ["| | OpenAI chat | Anthropic | Gemini | Ollama |", "|---|---|---|---|---|"]
    for probe in probes {
      let cells = GoldenTests.upstreams.map { cell(probe, $0) }
      lines.append("| \(probe.name) | \(cells.joined(separator: " | ")) |")
    }
    return lines.joined(separator: "\n")
  }

  @Test func `docs name what is carried, left out and refused`() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/dialects.md")
    let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    let table = Self.table()
    #expect(text.contains(table), "docs/dialects.md should have this table:\n\(table)")
  }
}
