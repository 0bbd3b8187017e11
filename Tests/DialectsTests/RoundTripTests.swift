import Testing

@testable import Dialects

@Suite struct RoundTripTests {
  private static let own: [Dialect: Dialect] = [
    .openAIChat: .openAIChat, .anthropic: .anthropic, .ollamaChat: .ollamaChat,
  ]

  @Test(arguments: Golden.inputs(in: "requests", of: [.openAIChat, .anthropic, .ollamaChat]))
  func `a request written in its own dialect says the same and loses nothing`(
    input: Golden.Input
  ) throws {
    let request = try Translation.decode(try input.bytes(), from: input.dialect)
    let written = try Translation.encode(
      request,
      to: input.dialect,
      TranslationOptions(losses: .refuse)
    )
    #expect(written.losses.isEmpty)
    var again = try Translation.decode(written.body, from: input.dialect)
    var expected = request
    // Usage is always asked for, and spaces between values are not kept.
    again.wantsUsage = request.wantsUsage
    Self.normalise(&again)
    Self.normalise(&expected)
    #expect(again == expected)
  }

  /// Takes the spaces out of what was copied.
  private static func normalise(_ request: inout ChatRequest) {
    request.metadata = request.metadata.flatMap { try? RawJSON(parsing: $0.line) }
    request.rest = normalised(request.rest)
    request.engineOptions = normalised(request.engineOptions)
    if let rest = request.reasoning?.rest { request.reasoning?.rest = normalised(rest) }
    for index in request.messages.indices {
      request.messages[index].rest = normalised(request.messages[index].rest)
      // Results that were one message each are one message together in Anthropic's.
      for place in request.messages[index].parts.indices {
        normalise(&request.messages[index].parts[place])
      }
    }
    for index in request.tools.indices {
      guard case .function(var tool) = request.tools[index] else {
        if case .provider(let type, let raw, let dialect) = request.tools[index] {
          request.tools[index] = .provider(type: type, line(raw), dialect)
        }
        continue
      }
      tool.schema = tool.schema.map(line)
      tool.rest = normalised(tool.rest)
      tool.outerRest = normalised(tool.outerRest)
      tool.cache = tool.cache.map { CacheMark(raw: line($0.raw)) }
      request.tools[index] = .function(tool)
    }
    if case .jsonSchema(var schema) = request.format {
      schema.schema = schema.schema.map(line)
      request.format = .jsonSchema(schema)
    }
  }

  private static func normalise(_ part: inout Part) {
    part.rest = normalised(part.rest)
    part.cache = part.cache.map { CacheMark(raw: line($0.raw)) }
    switch part.kind {
    case .toolResult(var result):
      for index in result.parts.indices { normalise(&result.parts[index]) }
      part.kind = .toolResult(result)
    case .opaque(let type, let raw, let dialect):
      part.kind = .opaque(type: type, line(raw), dialect)
    default: break
    }
  }

  private static func line(_ raw: RawJSON) -> RawJSON {
    // Lists and objects of one line each, whatever their spaces were.
    RawJSON { writer in
      guard let json = raw.json else { return }
      write(json, &writer)
    }
  }

  private static func write(_ json: JSON, _ writer: inout JSONWriter) {
    switch json.kind {
    case .object:
      writer.object { writer in
        for (key, value) in json.members {
          writer.key(key.string ?? "")
          write(value, &writer)
        }
      }
    case .array: writer.array { for element in json.elements { write(element, &$0) } }
    default: writer.raw(json.raw)
    }
  }

  private static func normalised(_ rest: Rest) -> Rest {
    guard let dialect = rest.dialect else { return rest }
    let object = RawJSON { writer in
      writer.object { writer in
        for field in rest.fields {
          writer.key(field.key)
          writer.raw(line(field.value))
        }
      }
    }
    return object.json.map { Rest($0, of: dialect, besides: []) } ?? rest
  }

  @Test(
    arguments: [
      (
        Dialect.openAIChat,
        #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a","X":1.50}],"X":[true]}],"#
          + #""tools":[{"type":"function","function":{"name":"f","X":{"y":null}},"X":5}],"X":"\u00e9"}"#
      ),
      (
        .anthropic,
        #"{"model":"m","max_tokens":1,"system":[{"type":"text","text":"s","X":1.50}],"messages":[{"role":"user","#
          + #""content":[{"type":"text","text":"a","X":[true]},{"type":"new_block","k":1}]}],"#
          + #""tools":[{"name":"f","input_schema":{},"X":{"y":null}}],"X":"\u00e9"}"#
      ),
      (
        .ollamaChat,
        #"{"model":"m","messages":[{"role":"user","content":"a","X":1.50}],"options":{"X":[true]},"#
          + #""tools":[{"type":"function","function":{"name":"f","parameters":{},"X":{"y":null}},"X":5}],"#
          + #""stream":false,"X":"\u00e9"}"#
      ),
    ]
  )
  func `unknown fields survive where they stood`(dialect: Dialect, body: String) throws {
    let options = TranslationOptions(losses: .refuse)
    let request = try Translation.decode(Array(body.utf8), from: dialect)
    let written = try Translation.encode(request, to: dialect, options)
    let text = String(decoding: written.body, as: UTF8.self)
    let count = body.split(separator: "\"X\":").count
    #expect(text.split(separator: "\"X\":").count == count)
    for value in ["1.50", "[true]", "\"\\u00e9\""] { #expect(text.contains(value)) }
    // In another dialect each is named.
    for upstream in WireJudge.upstreams where upstream != dialect {
      let other = try Translation.encode(request, to: upstream, TranslationOptions(losses: .drop))
      #expect(other.losses.contains { $0.path == "X" && $0.changesAnswer })
      #expect(throws: RequestError.self) { try Translation.encode(request, to: upstream, options) }
    }
  }

  @Test func `hints are left out even where losses are refused`() throws {
    let body = #"{"model":"m","messages":[{"role":"user","content":"a"}],"store":true,"user":"u"}"#
    let result = try Translation.request(
      Array(body.utf8),
      from: .openAIChat,
      to: .ollamaChat,
      TranslationOptions(losses: .refuse)
    )
    #expect(result.losses.map(\.path).sorted() == ["store", "user"])
    #expect(result.losses.allSatisfy { !$0.changesAnswer })
  }

  @Test(
    arguments: [
      (Dialect.openAIChat, #"{"model":"m"}"#, "messages"),
      (
        .openAIChat, #"{"model":"m","messages":[{"role":"king","content":"a"}]}"#,
        "messages[0].role"
      ),
      (
        .openAIChat, #"{"model":"m","messages":[{"role":"user","content":5}]}"#,
        "messages[0].content"
      ),
      (
        .openAIChat, #"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
        "messages[0].content[0].text"
      ),
      (.openAIChat, #"{"model":"m","messages":[],"temperature":"hot"}"#, "temperature"),
      (
        .openAIChat, #"{"model":"m","messages":[],"tools":[{"type":"function"}]}"#,
        "tools[0].function"
      ),
      (.anthropic, #"{"model":"m","max_tokens":1,"messages":[5]}"#, "messages[0]"),
      (
        .anthropic,
        #"{"model":"m","messages":[{"role":"user","content":[{"type":"tool_use","id":"a"}]}]}"#,
        "messages[0].content[0].input"
      ),
      (.openAIResponses, #"{"model":"m","input":[{"type":"function_call"}]}"#, "input[0].call_id"),
      (.openAICompletions, #"{"model":"m","prompt":["a","b"]}"#, "prompt"),
      (.ollamaChat, #"{"model":"m","messages":[],"format":5}"#, "format"),
    ]
  )
  func `a wrong field is named`(dialect: Dialect, body: String, path: String) {
    do throws(RequestError) {
      _ = try Translation.decode(Array(body.utf8), from: dialect)
      Issue.record("not refused")
    } catch { #expect(error.path == path) }
  }
}
