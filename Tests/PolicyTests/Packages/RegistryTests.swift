import Testing

@testable import Policy

@Suite struct RegistryTests {
  @Test(
    arguments: [
      ("https://packages.example.com/simple", "packages.example.com", 443, "/simple"),
      ("HTTP://Packages.example.com", "packages.example.com", 80, "/"),
      ("http://a.example.com:3141/x/#f", "a.example.com", 3141, "/x/"),
      ("https://u:p@a.example.com:8443/npm/", "a.example.com", 8443, "/npm/"),
      ("https://u:p@ss@a.example.com/", "a.example.com", 443, "/"),
    ] as [(String, String, UInt16, String)]
  )
  func `reads an address`(text: String, host: String, port: UInt16, path: String) throws {
    let registry = try Registry(parsing: text)
    #expect(registry.host.text == host)
    #expect(registry.port == port)
    #expect(registry.path == path)
    #expect(!registry.address().contains("@"))
  }

  @Test func `keeps of a login its form alone`() throws {
    let both = try Registry(parsing: "https://ann:hunter2@a.example.com/simple")
    #expect(both.login == .password(user: "ann"))
    #expect(both.address() == "https://a.example.com/simple")
    #expect(both.address(login: "PLACE") == "https://ann:PLACE@a.example.com/simple")
    let token = try Registry(parsing: "https://hunter2@a.example.com:8443/simple")
    #expect(token.login == .token)
    #expect(token.address(login: "PLACE") == "https://PLACE@a.example.com:8443/simple")
    let none = try Registry(parsing: "http://a.example.com:80/simple")
    #expect(none.address(login: "PLACE") == "http://a.example.com/simple")
    #expect(!"\(both)\(token)".contains("hunter2"))
  }

  @Test(arguments: [
    "", "/srv/wheels", "file:///srv", "ftp://a.example.com/", "https://", "https:///x",
    "https://u:hunter2@/x", "https://hunter2@a.example.com:0/", "https://hunter2@127.0.0.1/",
    "https://hunter2@localhost:4873/", "https://hunter2@[::1]/", "https://hunter2@*.example.com/",
    "https://a.example.com/?token=hunter2", "https://hunter2@a.example.com:hunter3/",
    "https://a.example.com/a b", "https://a.example.com/a*", "https://a.example.com/$(id)",
    "https://a.example.com/\"x",
    "https://a.example.com/\u{1B}[2J", "https://a.exämple.com/",
  ])
  func `refuses what cannot be granted, without telling a login`(text: String) {
    let problem = #expect(throws: ValueProblem.self) { try Registry(parsing: text) }
    let said = "\(problem?.what ?? "")\(problem?.remedy ?? "")"
    #expect(!said.contains("hunter2"), "\(said)")
  }

  @Test func `reading is granted below what is safe, and nothing else`() throws {
    func rules(_ kind: PackageRule.Kind, _ addresses: String...) throws -> [HostRule] {
      try PackageRule(kind, addresses: ["10.1.2.3"]).hosts(addresses.map(Registry.init(parsing:)))
    }
    let python = try rules(.python, "https://a.example.com/simple", "http://a.example.com:8080/x")
    #expect(python.map(\.ports) == [[443], [8080]])
    #expect(
      python[0].rules.map(\.canonicalText) == [
        "{ allow: \"GET /**\" }", "{ allow: \"HEAD /**\" }",
      ]
    )
    #expect(python[0].addresses == ["10.1.2.3"])
    #expect(!python[0].encodedSlash)
    let system = try rules(.system, "http://a.example.com/debian", "http://a.example.com/other/")
    #expect(system.count == 1)
    #expect(
      system[0].rules.filter { $0.method == "GET" }.map(\.path) == ["/debian/**", "/other/**"]
    )
    #expect(try rules(.node, "https://a.example.com")[0].encodedSlash)
    #expect(throws: ValueProblem.self) { try rules(.system, "http://a.example.com/a/../b") }
    #expect(throws: ValueProblem.self) { try rules(.system, "http://a.example.com/a%2e") }
  }

  @Test func `the files of PyPI come with its index`() throws {
    let index = try Registry(parsing: "https://pypi.org/simple")
    let hosts = try PackageRule(.python).hosts([index]).map(\.host.text)
    #expect(hosts == ["pypi.org", "files.pythonhosted.org"])
  }
}
