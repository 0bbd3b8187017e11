import Foundation
import Testing

@testable import Inference

/// The examples are held against Python's jsonschema by `Benchmarks/inference/grammar/validate.py`.
@Suite struct GrammarSchemaTests {
  struct Example: CustomTestStringConvertible {
    let name: String
    let schema: JSONValue
    let valid: [String]
    let invalid: [String]
    var testDescription: String { name }
  }

  static let examples: [Example] = {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/Grammar/schemas.json")
    guard let data = try? Data(contentsOf: path),
      case .list(let entries)? = try? JSONReader.read(Array(data))
    else { return [] }
    func texts(_ value: JSONValue?) -> [String] {
      guard case .list(let items)? = value else { return [] }
      return items.compactMap(\.string)
    }
    return entries.map {
      Example(
        name: $0["name"]?.string ?? "",
        schema: $0["schema"] ?? .null,
        valid: texts($0["valid"]),
        invalid: texts($0["invalid"])
      )
    }
  }()

  static func accepts(_ grammar: Grammar, _ text: String) -> Bool {
    var state = GrammarState(grammar)
    return state.advance(Array(text.utf8)) && state.isComplete
  }

  @Test(arguments: examples)
  func `valid documents are accepted and others are not`(example: Example) throws {
    let grammar = try Grammar(schema: example.schema)
    for text in example.valid { #expect(Self.accepts(grammar, text), "valid: \(text)") }
    for text in example.invalid { #expect(!Self.accepts(grammar, text), "invalid: \(text)") }
  }

  @Test func `there are twenty schemas`() { #expect(Self.examples.count >= 20) }

  @Test(arguments: [
    (#"{"not": {}}"#, "not"), (#"{"type": "array", "uniqueItems": true}"#, "uniqueItems"),
    (#"{"type": "integer", "multipleOf": 3}"#, "multipleOf"),
    (#"{"type": "object", "patternProperties": {}}"#, "patternProperties"),
    (#"{"properties": {"a": {"if": {}}}}"#, "if"), (#"{"type": "string", "format": "uri"}"#, "uri"),
    (#"{"type": "string", "pattern": "(?=a)"}"#, "look-around"),
    (#"{"type": "string", "pattern": "\\bx"}"#, "\\b"), (#"{"newKeyword": 1}"#, "newKeyword"),
    (#"{"$ref": "http://x"}"#, "$ref"), (#"{"type": "strin"}"#, "type"),
    (#"{"minLength": -1}"#, "minLength"), (##"{"$ref": "#/$defs/x"}"##, "$ref"),
    (#"{"type": "array", "minItems": 1000000000}"#, "minItems"),
    (#"{"enum": ["a"], "pattern": "b"}"#, "enum"), ("{", "not JSON"), (#"{"a":1,"a":1}"#, "twice"),
    (#"{"type":"string","pattern":"(a{999}){999}"}"#, "states"),
    (#"{"minimum": 0.12345678901234567}"#, "minimum"),
  ])
  func `what cannot be enforced is refused by name`(schema: String, word: String) throws {
    let error = #expect(throws: GrammarError.self) { try Grammar(schema: schema) }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ##"{"$ref": "#"}"##, ##"{"anyOf": [{"$ref": "#"}]}"##, "false",
    #"{"type": "integer", "minimum": 2, "maximum": 1}"#,
    ##"{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}"##,
    #"{"allOf": [{"type": "string"}, {"type": "integer"}]}"#, ##"{"allOf": [{"$ref": "#"}]}"##,
    ##"{"type": "array", "items": {"$ref": "#"}, "minItems": 1}"##,
    #"{"type": "object", "properties": {"a": false}, "required": ["a"]}"#,
    #"{"enum": ["a"], "type": "integer"}"#, #"{"minLength": 3, "maxLength": 2, "type": "string"}"#,
    #"{"type": "object", "additionalProperties": false, "minProperties": 1}"#,
  ])
  func `what nothing can satisfy is refused`(schema: String) throws {
    #expect(throws: GrammarError.self) { try Grammar(schema: schema) }
  }

  @Test func `hostile schemas end soon`() throws {
    let deep =
      String(repeating: #"{"items":"#, count: 5000) + "{}" + String(repeating: "}", count: 5000)
    #expect(throws: GrammarError.self) { try Grammar(schema: deep) }
    let half =
      String(repeating: #"{"anyOf":[{},"#, count: 25) + "{}" + String(repeating: "]}", count: 25)
    _ = try? Grammar(schema: half)
    var refs = ""
    for index in 0..<40 {
      refs +=
        ##""d\##(index)":{"allOf":[{"$ref":"#/$defs/d\##(index + 1)"},{"$ref":"#/$defs/d\##(index + 1)"}]},"##
    }
    #expect(throws: GrammarError.self) {
      try Grammar(schema: ##"{"$defs":{\##(refs)"d40":{}},"$ref":"#/$defs/d0"}"##)
    }
    let choices =
      #"{"anyOf":[{"title":"a"},{"title":"b"},{"title":"c"},{"title":"d"},{"title":"e"},{"title":"f"},{"title":"g"},{"title":"h"}]}"#
    let all = Array(repeating: choices, count: 8).joined(separator: ",")
    #expect(throws: GrammarError.self) { try Grammar(schema: #"{"allOf":[\#(all)]}"#) }
  }

  @Test func `space is bounded, so that a model cannot go on with it`() throws {
    let grammar = try Grammar(schema: #"{"type": "array", "items": {"type": "integer"}}"#)
    #expect(Self.accepts(grammar, "[\n    1,\n    2\n]"))
    #expect(!Self.accepts(grammar, "[  1]"))
    #expect(!Self.accepts(grammar, "[\n\n1]"))
    #expect(!Self.accepts(grammar, "[" + "\n" + String(repeating: " ", count: 25) + "1]"))
    #expect(!Self.accepts(grammar, " []"))
  }

  @Test func `a grammar waits for the end of thinking`() throws {
    let schema = try JSONReader.read(Array(#"{"type": "integer"}"#.utf8))
    let grammar = try Grammar(schema: schema, after: "</think>")
    #expect(Self.accepts(grammar, "<think>Well, {</thi</think>\n\n42"))
    #expect(!Self.accepts(grammar, "<think>Well"))
    #expect(!Self.accepts(grammar, "</think>x"))
  }

  @Test func `calls name a tool and give it what it takes`() throws {
    let one = try JSONReader.read(
      Array(
        #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}"#
          .utf8
      )
    )
    let tools = [
      Grammar.Tool(name: "weather", arguments: one),
      Grammar.Tool(
        name: "stop",
        arguments: .object([
          JSONMember(name: "type", value: .text("object")),
          JSONMember(name: "additionalProperties", value: .flag(false)),
        ])
      ),
    ]
    let free = try Grammar(
      calling: tools,
      begin: "<tool_call>",
      end: "</tool_call>",
      demandsCall: false
    )
    let call = #"<tool_call>\#n{"name": "weather", "arguments": {"city": "Zürich"}}\#n</tool_call>"#
    #expect(Self.accepts(free, "Let me see. " + call))
    #expect(Self.accepts(free, call + "\n" + call + " done"))
    #expect(Self.accepts(free, "No tool at all <tool"))
    #expect(!Self.accepts(free, #"<tool_call>{"name": "nope", "arguments": {}}</tool_call>"#))
    #expect(
      !Self.accepts(free, #"<tool_call>{"name": "stop", "arguments": {"city": "x"}}</tool_call>"#)
    )
    #expect(!Self.accepts(free, "<tool_call>"))
    let demanded = try Grammar(
      calling: tools,
      begin: "<tool_call>",
      end: "</tool_call>",
      demandsCall: true
    )
    #expect(Self.accepts(demanded, call))
    #expect(!Self.accepts(demanded, "Let me see"))
    let behind = try Grammar(
      calling: tools,
      begin: "<tool_call>",
      end: "</tool_call>",
      demandsCall: true,
      after: "</think>"
    )
    #expect(Self.accepts(behind, "hm</think>\n\n" + call))
  }
}
