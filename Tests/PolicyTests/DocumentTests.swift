import Testing

@testable import Policy

struct DocumentTests {
  @Test func `the document of the design is read whole`() throws {
    let document = try PolicyDocument.parse(
      Fixtures.text("good/design.yaml"),
      file: "design.yaml"
    )
    #expect(document.workspace == .overlay)
    #expect(document.filesystem.write?.map(\.text) == ["$WORKSPACE", "/tmp"])
    #expect(document.filesystem.read?.last?.isOptional == true)
    #expect(document.filesystem.deny.first?.mark.line == 7)
    #expect(document.filesystem.programs == ["python3", "node"])
    #expect(document.environment.set["SPACED"] == "a b: c")
    #expect(
      document.limits
        == Limits(
          wallSeconds: 5400,
          memoryBytes: 4 << 30,
          processes: 256,
          diskBytes: 2 << 30,
          cpus: 2
        )
    )
    #expect(document.network.count == 3)
    #expect(document.models?.budget == Money(picoDollars: 2_000_000_000_000))
    #expect(document.tools == [ToolRule(server: "git", allow: ["git_status", "git_diff"])])
    #expect(
      document.approvals == [
        ApprovalRule(.push, ask: .once),
        ApprovalRule(.spend(above: Money(picoDollars: 500_000_000_000))),
      ]
    )
  }

  @Test(arguments: Fixtures.names(in: "good", ending: "yaml"))
  func `canonical text reads back as the same document`(name: String) throws {
    let document = try PolicyDocument.parse(Fixtures.text("good/\(name).yaml"), file: name)
    let text = document.canonicalText
    let again = try PolicyDocument.parse(text, file: "canonical")
    #expect(again == document)
    #expect(again.canonicalText == text)
  }

  @Test(arguments: Profile.names)
  func `a profile is a document that can be written and read`(name: String) throws {
    let profile = try #require(Profile.named(name))
    #expect(try PolicyDocument.parse(profile.canonicalText, file: name) == profile)
    #expect(profile.origin.name == name)
    #expect(profile.unsupported.isEmpty)
  }

  @Test func `no profile goes by another name`() {
    #expect(Profile.named("defualt") == nil)
  }

  @Test func `layout and comments do not change the canonical text`() throws {
    let dense = try PolicyDocument.parse(
      "{version: 1, limits: {cpu: 2, wall: 90m}}",
      file: "a"
    )
    let wide = try PolicyDocument.parse(
      "# mine\nversion: 1\nlimits:\n  wall: 1h30m\n  cpu: 2.0\n",
      file: "b"
    )
    #expect(dense.canonicalText == wide.canonicalText)
  }

  @Test(arguments: [
    "a & b", "&a", " &a", "? x", "*", "!x", "a: b", "# no", "", "yes", "null", "1", "\u{202E}x",
    "line\nline", "tab\t", "\"", "\\", "ünïcode 🙂", "\u{7F}", "[", "{x", "'", "-", "- a", "a  b ",
  ])
  func `any value of a variable survives the canonical text`(value: String) throws {
    var document = PolicyDocument(origin: PolicyDocument.Origin("x"))
    document.environment.set = ["VALUE": value]
    #expect(try PolicyDocument.parse(document.canonicalText, file: "x") == document)
  }

  @Test func `a document larger than one mebibyte is refused unread`() {
    let text = "version: 1\n# " + String(repeating: "x", count: 1 << 20)
    let error = #expect(throws: PolicyError.self) {
      try PolicyDocument.parse(text, file: "large.yaml")
    }
    #expect(
      error?.description
        == "large.yaml: the document is larger than 1 MiB; shorten it"
    )
  }

  @Test func `windows line ends and a byte order mark are harmless`() throws {
    let document = try PolicyDocument.parse(
      "\u{FEFF}version: 1\r\nlimits:\r\n  wall: 1h\r\n",
      file: "x"
    )
    #expect(document.limits.wallSeconds == 3600)
  }

  @Test func `duplicates do not hide the other problems`() {
    let error = #expect(throws: PolicyError.self) {
      try PolicyDocument.parse(
        "\u{FEFF}version: 1\r\nlimits: { wall: 1h }\r\n\"limits\": { wall: x }\r\n",
        file: "x"
      )
    }
    #expect(error?.problems.map(\.line) == [3, 3])
  }

  @Test func `what is granted but not enforced is said in sentences`() throws {
    let document = try PolicyDocument.parse(Fixtures.text("good/design.yaml"), file: "x")
    #expect(document.unsupported.count == 2)
    #expect(document.unsupported.allSatisfy { $0.contains("assignments alone") })
  }
}
