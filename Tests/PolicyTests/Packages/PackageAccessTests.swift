import Testing

@testable import Policy

@Suite struct PackageAccessTests {
  private func python(pip text: String = "", uv other: String = "") throws -> PackageAccess {
    var (pip, uv) = (PipSettings(), UVSettings())
    pip.read(text)
    try uv.read(other)
    return try .python(pip, uv)
  }

  private func none(_: Registry) -> String? { nil }

  @Test func `clients that are not configured keep their own index`() throws {
    let access = try python()
    #expect(access.registries.map { $0.address() } == ["https://pypi.org/simple"])
    #expect(access.environment(none) == [:])
    #expect(access.isBuiltIn)
    let node = try PackageAccess.node(NPMSettings())
    #expect(node.registries.map { $0.address() } == ["https://registry.npmjs.org/"])
    #expect(throws: ValueProblem.self) { try PackageAccess.system([]) }
    #expect(throws: ValueProblem.self) { try PackageAccess.system(["file:/srv", "cdrom:[x]/"]) }
  }

  @Test func `the index of one client of Python is told the other`() throws {
    let own = try python(
      pip:
        "[global]\nindex-url = https://a.example.com/simple\nextra-index-url = https://b.example.com"
    )
    #expect(own.registries.map(\.host.text) == ["a.example.com", "b.example.com"])
    #expect(
      own.environment(none) == [
        "PIP_INDEX_URL": "https://a.example.com/simple",
        "PIP_EXTRA_INDEX_URL": "https://b.example.com/",
        "UV_DEFAULT_INDEX": "https://a.example.com/simple",
        "UV_INDEX": "https://b.example.com/",
      ]
    )
    let other = try python(uv: "index-url = \"https://c.example.com/simple\"")
    #expect(
      other.environment(none) == [
        "PIP_INDEX_URL": "https://c.example.com/simple",
        "UV_DEFAULT_INDEX": "https://c.example.com/simple",
      ]
    )
  }

  @Test func `without an index only pages of links are left`() throws {
    let access = try python(
      pip: "[global]\nno-index = true\nindex-url = https://a.example.com\n"
        + "find-links = /srv/wheels https://b.example.com/list"
    )
    #expect(access.registries.map(\.host.text) == ["b.example.com"])
    #expect(
      access.environment(none)
        == ["PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "https://b.example.com/list"]
    )
    #expect(throws: ValueProblem.self) { try python(pip: "[global]\nno-index = true") }
  }

  @Test func `an index that cannot be granted is an error, one beside it a note`() throws {
    #expect(throws: ValueProblem.self) {
      try python(pip: "[global]\nindex-url = http://localhost:3141/")
    }
    let access = try python(pip: "[global]\nextra-index-url = http://u:hunter2@127.0.0.1:3141/")
    #expect(access.registries.map(\.host.text) == ["pypi.org"])
    #expect(access.notes.count == 1)
    #expect(!access.notes[0].contains("hunter2"))
    #expect(access.environment(none)["PIP_EXTRA_INDEX_URL"] == nil)
  }

  @Test func `a login is stood in for by the secret of its host, or left out`() throws {
    let access = try python(
      pip: "[global]\nindex-url = https://ann:hunter2@a.example.com/simple"
    )
    #expect(access.environment(none)["PIP_INDEX_URL"] == "https://a.example.com/simple")
    #expect(access.withheld(none).map(\.host.text) == ["a.example.com"])
    let login: (Registry) -> String? = { $0.host.text == "a.example.com" ? "PLACE" : nil }
    #expect(
      access.environment(login)["PIP_INDEX_URL"] == "https://ann:PLACE@a.example.com/simple"
    )
    #expect(access.withheld(login) == [])
  }

  @Test func `npm is told in a file, with tokens stood in for`() throws {
    var npm = NPMSettings()
    npm.read(
      "@acme:registry=https://a.example.com/npm\n//a.example.com/npm/:_authToken=hunter2\n"
        + "registry=https://b.example.com/\n//b.example.com/:_auth=aHVudGVyMg==",
      environment: [:]
    )
    let access = try PackageAccess.node(npm)
    #expect(access.registries.map(\.host.text) == ["b.example.com", "a.example.com"])
    let plain = try #require(access.file(none))
    #expect(plain.path == access.environment(none)["NPM_CONFIG_GLOBALCONFIG"])
    #expect(
      plain.text
        == "registry=https://b.example.com/\n@acme:registry=https://a.example.com/npm\n"
        + "audit=false\nfund=false\nupdate-notifier=false\n"
    )
    let other = try #require(access.file { _ in "PLACE" })
    #expect(other.text.contains("//a.example.com/npm/:_authToken=PLACE\n"))
    #expect(access.withheld(none).map(\.host.text) == ["a.example.com"])
    #expect(access.notes.count == 1)
  }

  @Test func `apt's repositories by the web are granted, others noted`() throws {
    let access = try PackageAccess.system([
      "http://a.example.com/debian", "mirror+https://b.example.com/x", "copy:/srv",
      "http://a.example.com/debian", "http://10.0.0.1/x", "http://ann:hunter2@c.example.com/x",
      "http://d.example.com/a%2e/b",
    ])
    #expect(access.registries.map { $0.address() } == ["http://a.example.com/debian"])
    #expect(access.notes.count == 4)
    #expect(access.withheld(none) == [])
    #expect(access.file(none)?.text.contains("Dir::State \"/tmp/apt/\";\n") == true)
  }

  @Test func `an entry without its registries grants nothing`() throws {
    let document = try PolicyDocument.parse(
      "version: 1\nnetwork: [{ packages: python, addresses: [10.0.0.1] }]",
      file: "x"
    )
    let policy = NetworkPolicy(rules: document.network)
    guard case .denied = policy.admit(host: "pypi.org", port: 443) else {
      Issue.record("pypi.org is admitted")
      return
    }
    #expect(NetworkPlan(document.network).reserved.isEmpty)
  }
}
