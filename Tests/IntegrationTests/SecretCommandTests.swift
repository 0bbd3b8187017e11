import Foundation
import SystemPackage
import Testing

/// `caisson secret` as a person meets it.
struct SecretCommandTests {
  private static let value = "canary-7f3a9c-value"

  private func set(
    _ home: FilePath,
    _ arguments: String...,
    input: String = value + "\n",
    environment: [String: String?] = [:]
  ) async throws -> Command.Result {
    var command = Command.caisson("secret", "set", home: home, environment: environment)
    command.arguments += arguments
    command.input = input
    return try await command.run()
  }

  private func files(_ home: FilePath) throws -> [FilePath] {
    let place = home.appending("secrets")
    return try FileManager.default.contentsOfDirectory(atPath: place.string)
      .map { place.appending($0) }
  }

  @Test func `a secret is kept sealed, for its owner alone, and never shown`() async throws {
    try await withTemporaryDirectory { home in
      let stored = try await set(home, "API_TOKEN", "--host", "API.example.com")
      #expect(stored.status == .exited(0))
      #expect(
        stored.output == "API_TOKEN is stored for api.example.com, header authorization\n"
      )
      #expect(try files(home).map { $0.lastComponent?.string }.count == 2)
      for file in try files(home) {
        let content = try Data(contentsOf: URL(filePath: file.string))
        #expect(content.range(of: Data(Self.value.utf8)) == nil)
        #expect(content.range(of: Data(Data(Self.value.utf8).base64EncodedString().utf8)) == nil)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.string)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
      }
      let list = try await Command.caisson("secret", "list", home: home).run()
      #expect(list.output.hasPrefix("API_TOKEN  20"))
      #expect(list.output.hasSuffix("api.example.com, header authorization\n"))
      let json = try await Command.caisson("secret", "list", "--json", home: home).run()
      #expect(
        json.output.contains(#""bindings":[{"header":"authorization","host":"api.example.com"}]"#)
      )
      for result in [stored, list, json] {
        #expect(!result.output.contains("canary") && !result.error.contains("canary"))
      }
    }
  }

  @Test func `a value comes from a variable, a file, or a command`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("value")
      try Data("from a file".utf8).write(to: URL(filePath: file.string))
      let results = [
        try await set(
          home,
          "A",
          "--host",
          "a.example.com",
          "--from-env",
          "GIVEN",
          input: "",
          environment: ["GIVEN": "x"]
        ),
        try await set(home, "B", "--host", "b.example.com", "--from-file", file.string, input: ""),
        try await set(
          home,
          "C",
          "--host",
          "c.example.com",
          "--from-command",
          "echo printed",
          input: ""
        ),
        try await set(home, "D", "--host", "d.example.com", "--body", "POST:/login:password"),
        try await set(home, "E", "--host", "e.example.com", "--query", "GET:/a:b/c:key"),
      ]
      for result in results { #expect(result.status == .exited(0), "\(result.error)") }
      let list = try await Command.caisson("secret", "list", home: home).run()
      #expect(list.output.split(separator: "\n").count == 5)
      #expect(list.output.contains("d.example.com, body of POST /login, field password"))
      #expect(list.output.contains("e.example.com, query of GET /a:b/c, field key"))
    }
  }

  @Test func `a secret is removed once`() async throws {
    try await withTemporaryDirectory { home in
      _ = try await set(home, "A", "--host", "a.example.com")
      let removal = Command.caisson("secret", "remove", "A", home: home)
      #expect(try await removal.run().status == .exited(0))
      #expect(try files(home).map { $0.lastComponent?.string } == ["key"])
      let again = try await removal.run()
      #expect(again.status == .exited(64))
      #expect(again.error.contains("there is no secret A"))
    }
  }

  @Test func `what others may read, or somebody changed, is not used`() async throws {
    try await withTemporaryDirectory { home in
      _ = try await set(home, "A", "--host", "a.example.com")
      _ = try await set(home, "B", "--host", "b.example.com")
      let place = home.appending("secrets")
      let manager = FileManager.default
      try manager.removeItem(atPath: place.appending("B.secret").string)
      try manager.copyItem(
        atPath: place.appending("A.secret").string,
        toPath: place.appending("B.secret").string
      )
      let renamed = try await Command.caisson("secret", "list", home: home).run()
      #expect(renamed.status == .exited(125))
      #expect(renamed.error.contains("the secret B does not open with the key"))
      try manager.setAttributes(
        [.posixPermissions: 0o644],
        ofItemAtPath: place.appending("key").string
      )
      let open = try await Command.caisson("secret", "list", home: home).run()
      #expect(open.status == .exited(125))
      #expect(open.error.contains("others may read"))
    }
  }

  @Test(arguments: [
    ["A"], ["A", "--host", "*.example.com"], ["A", "--host", "10.0.0.1"],
    ["A", "--host", "a.example.com", "--header", "Host"], ["1A", "--host", "a.example.com"],
    ["A-B", "--host", "a.example.com"], ["A", "--host", "a.example.com", "--body", "POST:/x"],
    ["A", "--host", "a.example.com", "--body", "*:/x:f"],
    ["A", "--host", "a.example.com", "--header", "x", "--query", "GET:/x:f"],
    ["A", "--host", "a.example.com", "--from-env", "NO_SUCH_VARIABLE_HERE"],
    ["A", "--host", "a.example.com", "--from-command", "false"],
    ["../A", "--host", "a.example.com"],
  ])
  func `a secret that is bound to nothing exact is refused`(arguments: [String]) async throws {
    try await withTemporaryDirectory { home in
      var command = Command.caisson("secret", "set", home: home)
      command.arguments += arguments
      let result = try await command.run()
      #expect(result.status == .exited(64), "\(result.output) \(result.error)")
      #expect(!result.error.contains("canary"))
    }
  }

  @Test(arguments: ["", "\n", "two\nlines", "zero\0byte", "bell\u{7}"])
  func `a value is one line`(value: String) async throws {
    try await withTemporaryDirectory { home in
      let result = try await set(home, "A", "--host", "a.example.com", input: value)
      #expect(result.status == .exited(64))
    }
  }
}
