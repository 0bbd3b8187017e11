import Dialects
import Testing

@testable import Agent

struct ToolTests {
  @Test(
    arguments: [
      ("bash", #"{"command":"ls"}"#, ToolRequest.bash(command: "ls", timeout: nil)),
      ("bash", #"{"command":"ls","timeout_seconds":3}"#, .bash(command: "ls", timeout: 3)),
      (
        "read", #"{"path":"a","offset":-4,"limit":99999999}"#,
        .read(path: "a", offset: 1, limit: 10_000)
      ),
      ("write", #"{"path":"a","content":""}"#, .write(path: "a", content: "")),
      (
        "edit", #"{"path":"a","old":"x","new":"y","all":true}"#,
        .edit(path: "a", old: "x", new: "y", all: true)
      ),
      ("spawn", #"{"tasks":["a","b"]}"#, .spawn(tasks: ["a", "b"])),
      ("ask", #"{"question":"why"}"#, .ask(question: "why")),
      ("done", #"{"summary":"s"}"#, .done(summary: "s")),
    ]
  )
  func `a call is read`(_ name: String, _ arguments: String, _ expected: ToolRequest) throws {
    #expect(try ToolRequest(Agent.ToolCall(id: "", name: name, arguments: arguments)) == expected)
  }

  @Test(
    arguments: [
      ("bash", "", "cannot be read"), ("bash", "{}", "needs `command`"),
      ("bash", #"{"command":"a","command":"b"}"#, "same key twice"),
      ("bash", #"{"command":"a","shell":"zsh"}"#, "no argument `shell`"),
      ("bash", #"{"command":7}"#, "needs `command`"),
      ("read", #"{"path":"a","offset":1.5}"#, "whole number"),
      ("edit", #"{"path":"a","old":"","new":"b"}"#, "is empty"),
      ("spawn", #"{"tasks":[]}"#, "1 to 16"), ("rm", "{}", "There is no tool `rm`"),
    ]
  )
  func `a wrong call is explained`(_ name: String, _ arguments: String, _ words: String) {
    let error = #expect(throws: ToolRequest.Mistake.self) {
      try ToolRequest(Agent.ToolCall(id: "", name: name, arguments: arguments))
    }
    #expect(error?.text.contains(words) == true, "\(error?.text ?? "")")
  }

  @Test func `tools are told in one order, with schemas that are JSON`() throws {
    let json = ToolDefinitions.json()
    let names = json.json?.elements.compactMap { $0["function"]?["name"]?.string }
    #expect(names == ["bash", "read", "write", "edit", "spawn", "ask", "done"])
    for tool in try #require(json.json).elements {
      let schema = try #require(tool["function"]?["parameters"])
      let known = try #require(schema["properties"]).members.compactMap(\.key.string)
      let needed = try #require(schema["required"]).elements.compactMap(\.string)
      #expect(!needed.isEmpty && Set(needed).isSubset(of: known))
    }
    #expect(ToolDefinitions.json(without: ["spawn"]).json?.elements.map { _ in 0 }.count == 6)
  }

  @Test func `an edit is exact, byte for byte`() throws {
    func edit(_ old: String, _ new: String, all: Bool = false, in text: String) throws -> String {
      String(
        decoding: try TextEdit.replace(
          Array(old.utf8),
          by: Array(new.utf8),
          all: all,
          in: Array(text.utf8)
        ),
        as: UTF8.self
      )
    }
    #expect(try edit("b", "x", in: "abc") == "axc")
    #expect(try edit("abc", "", in: "abc") == "")
    #expect(try edit("aa", "b", all: true, in: "aaaaa") == "bba")
    #expect(throws: TextEdit.Failure.several(2)) { try edit("a", "b", in: "aba") }
    #expect(throws: TextEdit.Failure.notFound) { try edit("abcd", "b", in: "abc") }
    // Composed and decomposed look alike, and are not the same.
    #expect(throws: TextEdit.Failure.notFound) { try edit("e\u{301}", "e", in: "\u{E9}") }
  }

  @Test func `output keeps its beginning and its end`() {
    #expect(OutputText.joined(head: [0x61], tail: [0x62], omitted: 0) == "ab")
    #expect(OutputText.joined(head: [0x61], tail: [0xFF], omitted: 9).contains("9 bytes left out"))
    let text = (1...50).map { "line \($0)" }.joined(separator: "\n")
    #expect(OutputText.numbered(text, offset: 49, limit: 9) == "49\tline 49\n50\tline 50\n")
    #expect(OutputText.numbered(text, offset: 1, limit: 1).contains("2 to 50 are left out"))
    #expect(OutputText.numbered(text, offset: 99, limit: 1) == "[the file has 50 lines]")
    #expect(OutputText.numbered("", offset: 1, limit: 1) == "[the file is empty]")
  }

  @Test func `an answer of the gateway is read, whatever it is`() {
    func read(_ status: Int, _ text: String) -> ModelClient.Result {
      ModelClient.read(status, Array(text.utf8), call: "1-2")
    }
    let answer =
      #"{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#
    guard case .answer(let body) = read(200, answer) else {
      Issue.record("\(read(200, answer))")
      return
    }
    #expect(ModelAnswer(outcome: body)?.text == "hi")
    #expect(ModelAnswer(outcome: body)?.call == "1-2")
    #expect(read(402, #"{"error":{"message":"no room"}}"#) == .refused(status: 402, "no room"))
    #expect(read(409, "{}") == .lost("the gateway answered with status 409"))
    #expect(read(503, "oops") == .unavailable("the gateway answered with status 503"))
    for text in ["", "[]", "{}", #"{"choices":[]}"#, #"{"choices":[{"message":7}]}"#] {
      guard case .refused(200, _) = read(200, text) else {
        Issue.record("\(text): \(read(200, text))")
        return
      }
    }
  }

  @Test func `a skill is named by its front matter, and nothing else`() {
    let text = "---\nname: release\ndescription: How to release.\n---\nDo this."
    #expect(
      ProjectNotes.summary(ofSkill: text, at: "skills/r/SKILL.md")
        == "- release: How to release. (read skills/r/SKILL.md)"
    )
    #expect(ProjectNotes.summary(ofSkill: "name: x", at: "p") == nil)
    #expect(ProjectNotes.summary(ofSkill: "---\nname: x\n---\n", at: "p") == nil)
  }
}
