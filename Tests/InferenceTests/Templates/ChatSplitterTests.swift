import Testing

@testable import Inference

@Suite struct ChatSplitterTests {
  static let hermes = ChatMarkup(template: "<think></think> <tool_call>")
  static let mistral = ChatMarkup(template: "[TOOL_CALLS]")

  /// All events, neighbours of one kind joined, whatever the pieces were.
  private func split(_ markup: ChatMarkup, _ text: String, pieces: Int) -> [ChatSplitter.Event] {
    var splitter = ChatSplitter(markup)
    var events: [ChatSplitter.Event] = []
    let characters = Array(text)
    for start in stride(from: 0, to: characters.count, by: pieces) {
      events += splitter.push(String(characters[start..<min(start + pieces, characters.count)]))
    }
    events += splitter.finish()
    var joined: [ChatSplitter.Event] = []
    for event in events {
      switch (joined.last, event) {
      case (.text(let one)?, .text(let more)): joined[joined.count - 1] = .text(one + more)
      case (.thinking(let one)?, .thinking(let more)):
        joined[joined.count - 1] = .thinking(one + more)
      default: joined.append(event)
      }
    }
    return joined
  }

  @Test(arguments: 1...9)
  func `thinking, text and calls come apart, whatever the pieces`(pieces: Int) {
    let text =
      "<think>\nHm < 3</think>\n\nI see é.\n<tool_call>\n{\"name\": \"a\"}\n</tool_call>\n<tool_call>{}</tool_call> <b>"
    #expect(
      split(Self.hermes, text, pieces: pieces) == [
        .thinking("Hm < 3"), .text("I see é.\n"), .call("{\"name\": \"a\"}"), .call("{}"),
        .text("<b>"),
      ]
    )
    #expect(
      split(Self.mistral, "Yes [TOOL_CALLS][{\"name\": 1}]", pieces: pieces) == [
        .text("Yes "), .call("[{\"name\": 1}]"),
      ]
    )
  }

  @Test func `half a marker is never given out`() {
    var splitter = ChatSplitter(Self.hermes)
    #expect(splitter.push("a <tool") == [.text("a ")])
    #expect(splitter.push("_cal") == [])
    #expect(splitter.push("m") == [.text("<tool_calm")])
    #expect(splitter.push(" <th") == [.text(" ")])
    #expect(splitter.finish() == [.text("<th")])
  }

  @Test func `an answer that starts inside its thinking ends there`() {
    var markup = Self.hermes
    markup.startsThinking = true
    #expect(split(markup, "Hm</think>\n\nYes", pieces: 2) == [.thinking("Hm"), .text("Yes")])
  }

  @Test func `a model without a template speaks ChatML`() throws {
    let template = try ChatTemplate(source: ChatMarkup.fallback)
    var variables = TemplateDictionary()
    variables.set(
      "messages",
      .list([.dictionary([("role", .text("user")), ("content", .text("Hi"))])])
    )
    variables.set("add_generation_prompt", .flag(true))
    #expect(
      try template.render(variables) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
  }
}
