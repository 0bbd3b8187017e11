import Testing

@testable import Policy

struct PolicyDifferenceTests {
  private func difference(_ first: String, _ second: String) throws -> PolicyDifference {
    PolicyDifference(
      from: try PolicyDocument.parse("version: 1\n" + first, file: "a"),
      to: try PolicyDocument.parse("version: 1\n" + second, file: "b")
    )
  }

  @Test(arguments: [
    ("", ""), ("network: [{ host: a.example.com }]", "network: [{ host: a.example.com }]"),
    (
      "network: [{ host: \"*.example.com\" }]",
      "network: [{ host: a.example.com, rules: [{ allow: \"GET /**\" }] }]"
    ),
    (
      "network: [{ host: a.example.com, rules: [{ allow: \"* /v1/*\" }] }]",
      "network: [{ host: a.example.com, rules: [{ allow: \"GET /v1/x\" }] }]"
    ),
    ("filesystem: { read: [/srv] }", "filesystem: { read: [/srv/data] }"),
    ("limits: { memory: 4GiB }", "limits: { memory: 2GiB }"),
    ("environment: { pass: [LC_*] }", "environment: { pass: [LC_ALL] }"),
  ])
  func `what lies within the first policy is not mentioned`(first: String, second: String) throws {
    #expect(try difference(first, second).more == [])
  }

  @Test(arguments: [
    ("", "network: [{ host: a.example.com }]", "It may ask anything of a.example.com."),
    (
      "network: [{ host: a.example.com, rules: [{ allow: \"GET /**\" }] }]",
      "network: [{ host: a.example.com }]", "It may ask anything of a.example.com."
    ),
    (
      "network: [{ host: a.example.com, rules: [{ allow: \"GET /v1/**\" }] }]",
      "network: [{ host: a.example.com, rules: [{ allow: \"GET /**\" }] }]",
      "It may ask GET /** of a.example.com."
    ),
    (
      "network: [{ host: a.example.com, rules: [{ allow: \"* /**\" }, { deny: \"* /x\" }] }]",
      "network: [{ host: a.example.com, rules: [{ allow: \"* /**\" }] }]",
      "{ deny: \"* /x\" } is not denied to it at a.example.com."
    ),
    (
      "network: [{ git: a.example.com/x/y }]",
      "network: [{ git: a.example.com/x/y, push: [main], force: [main] }]",
      "It may force branches main of a.example.com/x/y."
    ),
    (
      "network: [{ host: a.example.com }]",
      "network: [{ host: a.example.com, networks: [10.0.0.0/8] }]",
      "a.example.com may be at addresses of 10.0.0.0/8."
    ),
    (
      "network: [{ packages: node }]", "network: [{ packages: node }, { packages: python }]",
      "It may get packages from the configured registries of pip and uv."
    ),
    (
      "network: [{ packages: node }]",
      "network: [{ packages: node, networks: [10.0.0.0/8], addresses: [10.0.0.1] }]",
      "The configured registries of npm may be at addresses of 10.0.0.0/8."
    ),
    ("filesystem: { read: [/srv/data] }", "filesystem: { read: [/srv] }", "It may read /srv."),
    ("filesystem: { write: [] }", "filesystem: { write: [/tmp] }", "It may write /tmp."),
    (
      "filesystem: { deny: [$WORKSPACE/.env] }", "", "$WORKSPACE/.env is not denied to it."
    ),
    ("limits: { wall: 1h }", "", "Its time is not limited, instead of to 1h."),
    (
      "", "workspace: { mode: direct }",
      "It works on the workspace itself, and changes are not held back."
    ),
    ("", "environment: { pass: [LANG, EDITOR] }", "It sees the variable EDITOR."),
  ])
  func `what is new is a sentence`(first: String, second: String, sentence: String) throws {
    let found = try difference(first, second)
    #expect(found.more.contains(sentence), "\(found.more)")
    #expect(try difference(second, first).less == found.more)
  }
}
