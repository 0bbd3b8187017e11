import Testing

@testable import Policy

struct ToolDecisionTests {
  private static let policy = """
    tools:
      - mcp: git
        allow: ["git_*"]
        class: { "git_*": pure, "*_push": keyed, git_commit: probed }
        arguments:
          "git_*": { repo_path: "/repo/**" }
          git_log: { "max_count?": [1, 5], "options.format?": "short*" }
      - { mcp: web, allow: [fetch], arguments: { fetch: { url: "https://*.example.com/**" } } }
      - { mcp: all, allow: ["*"] }
    """

  private static func decide(_ server: String, _ tool: String, _ arguments: String) throws
    -> Decision
  {
    try Policies.compiled(policy).decideTool(server: server, tool: tool, arguments: arguments)
  }

  private static let allowed: [(String, String, String)] = [
    ("git", "git_status", #"{"repo_path":"/repo/a"}"#),
    ("git", "git_status", #"{"repo_path":"/repo/a/b.txt","other":"anything"}"#),
    ("git", "git_status", #"{"repo_path":["/repo/a","/repo/b"]}"#),
    ("git", "git_log", #"{"repo_path":"/repo/a","max_count":5}"#),
    ("git", "git_log", #"{"repo_path":"/repo/a","max_count":"5"}"#),
    ("git", "git_log", #"{"repo_path":"/repo/a","max_count":null,"options":{"format":"shorter"}}"#),
    ("web", "fetch", #"{"url":"https://www.example.com/a/b?c=d"}"#),
    ("all", "whatever", #"{"repo_path":"/etc"}"#), ("all", "whatever", "not even JSON"),
  ]

  @Test(arguments: allowed)
  func `what matches is allowed`(server: String, tool: String, arguments: String) throws {
    #expect(try Self.decide(server, tool, arguments).verdict == .allow)
  }

  private static let denied: [(String, String, String)] = [
    ("git", "status", "{}"), ("other", "git_status", "{}"), ("git", "GIT_status", "{}"),
    ("git", "git_status", "{}"), ("git", "git_status", #"{"repo_path":null}"#),
    ("git", "git_status", #"{"repo_path":"/etc"}"#),
    ("git", "git_status", #"{"repo_path":"/repo"}"#),
    ("git", "git_status", #"{"repo_path":"/repo/../etc"}"#),
    ("git", "git_status", #"{"repo_path":"/repo/a/.."}"#),
    ("git", "git_status", #"{"repo_path":"/repo/..\\etc"}"#),
    ("git", "git_status", #"{"repo_path":"/repo/a\nb"}"#),
    ("git", "git_status", #"{"repo_path":["/repo/a","/etc"]}"#),
    ("git", "git_status", #"{"repo_path":{"x":"/repo/a"}}"#),
    ("git", "git_status", #"{"repo_path":[]}"#),
    ("git", "git_status", #"{"repo_path":"/repo/a","repo_path":"/repo/b"}"#),
    ("git", "git_status", #"{"repo_path":"/repo/a","repo\u005fpath":"/etc"}"#),
    ("git", "git_status", #"["/repo/a"]"#), ("git", "git_status", ""),
    ("git", "git_log", #"{"repo_path":"/repo/a","max_count":6}"#),
    ("git", "git_log", #"{"repo_path":"/repo/a","max_count":5.0}"#),
    ("git", "git_log", #"{"repo_path":"/repo/a","max_count":true}"#),
    ("git", "git_log", #"{"repo_path":"/repo/a","options":{"format":"long"}}"#),
    // A key that holds a dot is the same path as one within another.
    ("git", "git_log", #"{"repo_path":"/repo/a","options.format":"long"}"#),
    ("web", "fetch", #"{"url":"https://evil.com/?x=.example.com/"}"#),
    ("web", "fetch", #"{"url":"https://evil.com#.example.com/"}"#),
    ("web", "fetch", #"{"url":"https://evil.com\\.example.com/"}"#),
    ("web", "fetch", #"{"url":"https://www.example.com@evil.com/"}"#),
    ("web", "fetch", #"{"url":"http://www.example.com/"}"#),
  ]

  @Test(arguments: denied)
  func `what does not match is denied, by a rule that is named`(
    server: String,
    tool: String,
    arguments: String
  ) throws {
    let decision = try Self.decide(server, tool, arguments)
    #expect(decision.verdict == .deny)
    #expect(!decision.rule.isEmpty)
  }

  @Test func `a denial names the rule and what would allow it`() throws {
    #expect(
      try Self.decide("other", "x", "{}")
        == Decision(
          .deny,
          rule: "the built-in rule 'default deny'",
          remedy: "tools: [{ mcp: other, allow: [x] }]"
        )
    )
    #expect(
      try Self.decide("git", "status", "{}").remedy == "add status to allow of tools: git (line 3)"
    )
    #expect(
      try Self.decide("git", "git_status", #"{"repo_path":"/etc"}"#)
        == Decision(
          .deny,
          rule: #"tools: git (line 3), arguments.git_*.repo_path: ["/repo/**"]"#,
          remedy: "add /etc to arguments.git_*.repo_path of tools: git (line 3)"
        )
    )
    #expect(
      try Self.decide("git", "git_status", "{}")
        == Decision(
          .deny,
          rule: "tools: git (line 3), arguments.git_*.repo_path: it is not given",
          remedy: #"name it in the call, or write "repo_path?" to let it be left out"#
        )
    )
    #expect(
      try Self.decide("git", "git_status", "{").rule
        == "the built-in rule 'unambiguous arguments only'"
    )
  }

  @Test(arguments: [
    ("git", "git_status", ToolClass.pure), ("git", "git_commit", .probed),
    ("git", "git_push", .keyed), ("git", "other", .opaque), ("all", "x", .opaque),
    ("none", "x", .opaque),
  ])
  func `a tool has the class of its name, or the one that trusts least`(
    server: String,
    tool: String,
    toolClass: ToolClass
  ) throws {
    let policy = try Policies.compiled(Self.policy)
    #expect(policy.toolClass(server: server, tool: tool) == toolClass)
  }

  @Test(arguments: [
    ("a*c", "abc", true), ("a*c", "a/c", false), ("a**c", "a/b/c", true), ("**", "", true),
    ("*", "", true), ("*", "a?b", false), ("a*b*c", "aXbYc", true), ("a*b*c", "abbbc", true),
    ("a*b", "ab/b", false), ("/x/**", "/x/", true), ("/x/**", "/x/./y", false),
    ("..", "..", true), ("**/*.txt", "a/b.txt", true), ("", "", true), ("", "a", false),
  ])
  func `a pattern matches within its segments`(pattern: String, value: String, does: Bool) {
    #expect(ValuePattern(pattern).matches(value) == does)
  }

  @Test func `no pattern takes for ever`() {
    let pattern = String(repeating: "*a", count: 2000)
    let begin = ContinuousClock.now
    #expect(!ValuePattern(pattern).matches(String(repeating: "a", count: 1999) + "b"))
    #expect(begin.duration(to: .now) < .seconds(60))
  }

  @Test func `what one entry grants beyond another is said`() throws {
    func document(_ yaml: String) throws -> PolicyDocument {
      try PolicyDocument.parse("version: 1\n" + yaml, file: "x")
    }
    let first = try document(
      "tools: [{ mcp: git, allow: [a], command: [x], arguments: { a: { p: q } } }]"
    )
    let second = try document(
      """
      tools:
        - { mcp: git, allow: [a, b], command: [y], class: { a: pure } }
        - { mcp: web, allow: ["*"], url: "https://example.com/" }
      """
    )
    #expect(
      PolicyDifference(from: first, to: second).more == [
        "The tool server git is another, or runs otherwise.", "It may use the tool b of git.",
        "The argument p of a of git is limited otherwise.",
        "A call of a of git that was cut off may be settled as pure.",
        "The tool server web is spoken to at https://example.com/.",
        "It may use the tool * of web.",
      ]
    )
  }
}
