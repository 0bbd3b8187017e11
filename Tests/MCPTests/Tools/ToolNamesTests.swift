import Testing

@testable import MCP

struct ToolNamesTests {
  @Test(arguments: [
    ("git", "git_status", "git__git_status"), ("a-b", "_x", "a-b___x"), ("a", "b__c", "a__b__c"),
  ])
  func `a pair that fits is joined as it is`(server: String, tool: String, name: String) {
    #expect(ToolNames.name(server: server, tool: tool) == name)
  }

  @Test(arguments: [
    ("a__b", "c"), ("a_", "b"), ("my.server", "x"), ("a", "b.c"), ("a", "b/c"), ("ä", "b"),
    ("a", "b\u{202E}"), ("a", ""), ("", "a"), ("a", "x_h0123456789abcdef"),
    ("a", String(repeating: "x", count: 62)), (String(repeating: "s", count: 64), "t"),
  ])
  func `any other pair gets a name with its hash`(server: String, tool: String) throws {
    let name = ToolNames.name(server: server, tool: tool)
    #expect(try #/[a-zA-Z0-9_-]{1,64}/#.wholeMatch(in: name) != nil, "\(name)")
    #expect(try #/.*_h[0-9a-f]{16}/#.wholeMatch(in: name) != nil, "\(name)")
    #expect(name == ToolNames.name(server: server, tool: tool))
  }

  @Test func `the same pair has the same name for good`() {
    // Written down: a name that changed would leave models with tools that nobody knows.
    #expect(ToolNames.name(server: "my.server", tool: "x") == "my-server__x_h\(Self.digest)")
  }

  private static let digest = "c24f096986424c16"

  @Test func `no two of many thousand pairs share a name, and each is found by its own`() throws {
    var random = SplitMix(state: 7)
    let letters = Array("ab_-.")
    func word(_ length: ClosedRange<Int>) -> String {
      String(
        (0..<Int.random(in: length, using: &random)).compactMap { _ in
          letters.randomElement(using: &random)
        }
      )
    }
    var tools: Set<ToolNames.Tool> = []
    for _ in 0..<20_000 { tools.insert(ToolNames.Tool(server: word(1...6), tool: word(0...6))) }
    // Names that look like those that others were given.
    for tool in tools.prefix(2_000) {
      let name = ToolNames.name(server: tool.server, tool: tool.tool)
      for parting in name.indices where name[parting...].hasPrefix("__") {
        let end = name.index(parting, offsetBy: 2)
        tools.insert(ToolNames.Tool(server: String(name[..<parting]), tool: String(name[end...])))
      }
    }
    let names = try ToolNames(Array(tools))
    #expect(names.names.count == tools.count)
    for tool in tools {
      let name = ToolNames.name(server: tool.server, tool: tool.tool)
      #expect(names[name] == tool)
      #expect((1...64).contains(name.utf8.count))
    }
    #expect(names["git__git_status"] == nil)
  }

  @Test func `a tool that is named twice is one tool`() throws {
    let tool = ToolNames.Tool(server: "a", tool: "b")
    #expect(try ToolNames([tool, tool]).names == ["a__b"])
  }
}
