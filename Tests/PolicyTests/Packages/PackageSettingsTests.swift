import Testing

@testable import Policy

@Suite struct PackageSettingsTests {
  @Test func `pip reads files in their order, install over global, variables over both`() {
    var pip = PipSettings()
    pip.read(
      """
      # a comment
      [global]
      index_url = https://one.example.com/simple
      extra-index-url =
          https://two.example.com/simple
          # in between
          https://three.example.com/simple
      find-links: /srv/wheels https://four.example.com/list
      trusted-host = two.example.com
      [install]
      --index-url=https://five.example.com/simple
      [search]
      index-url = https://six.example.com/simple
      """
    )
    #expect(pip.index == "https://five.example.com/simple")
    #expect(pip.extra == ["https://two.example.com/simple", "https://three.example.com/simple"])
    #expect(pip.links == ["/srv/wheels", "https://four.example.com/list"])
    #expect(pip.trusted == ["two.example.com"])
    pip.read("[install]\nindex-url = https://seven.example.com/simple\n[global]\nextra-index-url=")
    #expect(pip.index == "https://seven.example.com/simple")
    #expect(pip.extra == [])
    pip.read(environment: ["PIP_INDEX_URL": "https://eight.example.com", "PIP_EXTRA_INDEX_URL": ""])
    #expect(pip.index == "https://eight.example.com")
    #expect(!pip.hasNoIndex)
    pip.read(environment: ["PIP_NO_INDEX": "true"])
    #expect(pip.hasNoIndex)
  }

  @Test func `uv reads its tables, lists and variables`() throws {
    var uv = UVSettings()
    try uv.read(
      """
      index-url = "https://old.example.com/simple" # comment
      extra-index-url = [
        "https://a.example.com/#x", # why
        'https://b.example.com/simple',
      ]
      constraint-dependencies = ["x=1"]
      [pip]
      find-links = ["https://c.example.com/list", "./wheels"]
      [[index]]
      name = "internal"
      url = "https://d.example.com/simple"
      [[index]]
      url = "https://e.example.com/simple"
      default = true
      [sources]
      url = "https://no.example.com"
      """
    )
    #expect(uv.index == "https://e.example.com/simple")
    #expect(
      uv.extra == [
        UVSettings.Index(name: "internal", address: "https://d.example.com/simple"),
        UVSettings.Index(name: nil, address: "https://a.example.com/#x"),
        UVSettings.Index(name: nil, address: "https://b.example.com/simple"),
      ]
    )
    #expect(uv.links == ["https://c.example.com/list", "./wheels"])
    uv.read(environment: [
      "UV_DEFAULT_INDEX": "main=https://f.example.com/simple",
      "UV_INDEX": "x=https://g.example.com https://h.example.com/?a=b",
    ])
    #expect(uv.index == "https://f.example.com/simple")
    #expect(uv.extra.map(\.address) == ["https://g.example.com", "https://h.example.com/?a=b"])
    #expect(uv.extra[0].name == "x")
  }

  @Test func `whatever else stands in uv's file is passed over, and nothing behind it`() throws {
    var uv = UVSettings()
    try uv.read(
      #"""
      # once: extra-index-url = [
      required-version = ">=0.9" # [
      environments = [
        "sys_platform == 'linux'", # ]
        ["nested"],
      ]
      "index-url" = "https://a.example.com/simple"
      cache-keys = [{ file = "pyproject.toml" }, { git = { commit = true } }]
      note = """
      index-url = "https://no.example.com"
      it's \""" [
      """
      other = '''
      [pip]'''
      exclude-newer = 2026-11-21T00:00:00Z
      pip.extra-index-url = ["https://b.example.com/simple"]
      concurrent-downloads = 1_000
      find-links = [ "./wheels" ]
      [[dependency-metadata]]
      name = "x"
      [dependency-metadata.more]
      url = 'https://no.example.com'
      [[dependency-metadata]]
      [dependency-metadata.more]
      [[ "index" ]]
      url = "https://c.example.com/simple"
      ignore-error-codes = [
        403,
      ]
      name = 'c'
      """#
    )
    #expect(uv.index == "https://a.example.com/simple")
    #expect(
      uv.extra == [
        UVSettings.Index(name: "c", address: "https://c.example.com/simple"),
        UVSettings.Index(name: nil, address: "https://b.example.com/simple"),
      ]
    )
    #expect(uv.links == ["./wheels"])
  }

  @Test func `what uv's file has wrong is told by its line`() {
    var uv = UVSettings()
    let problem = #expect(throws: ValueProblem.self) {
      try uv.read("x = [\n1,\n]\nindex-url = hunter2")
    }
    #expect(problem?.what == "line 4 cannot be read")
  }

  @Test(arguments: [
    "index-url = hunter2", "index-url = \"\"\"hunter2\"\"\"", "index-url = \"a\\u0040hunter2\"",
    "index = [{ url = \"hunter2\" }]", "extra-index-url = [\"hunter2\"", "[[index]]\nname = \"x\"",
    "extra-index-url = \"hunter2\"", "index-url = \"", "find-links = [a, \"b\"]",
    "index.url = \"hunter2\"", "[index]\nurl = \"hunter2\"", "index-url = 4",
    "index = [\"hunter2\"]",
    "[pip]\nindex = \"hunter2\"", "[[index]\nurl = \"hunter2\"",
  ])
  func `what tells uv of an index and cannot be read is refused`(text: String) {
    var uv = UVSettings()
    let problem = #expect(throws: ValueProblem.self) { try uv.read(text) }
    #expect(problem?.what.contains("hunter2") == false)
  }

  @Test func `npm reads registries by scope, and where tokens go`() throws {
    var npm = NPMSettings()
    npm.read(
      """
      ; comment
      registry=https://one.example.com/npm/
      @acme:registry = "https://${PLACE}.example.com:8443/npm"
      //two.example.com:8443/npm/:_authToken=${TOKEN}
      //one.example.com/:_password=hunter2
      """,
      environment: ["PLACE": "two", "TOKEN": "hunter2"]
    )
    #expect(npm.registry == "https://one.example.com/npm/")
    #expect(npm.scopes == ["@acme": "https://two.example.com:8443/npm"])
    let own = try Registry(parsing: "https://one.example.com/npm/")
    let scoped = try Registry(parsing: "https://two.example.com:8443/npm")
    #expect(npm.token(for: scoped) == "//two.example.com:8443/npm/")
    #expect(npm.token(for: own) == nil)
    #expect(npm.hasLogin(for: own))
    npm.read(environment: ["NPM_CONFIG_REGISTRY": "https://three.example.com/"])
    #expect(npm.registry == "https://three.example.com/")
    #expect(!"\(npm)".contains("hunter2"))
  }

  @Test func `files of any content are read without a trap`() throws {
    let corpus = [
      "[global]\nindex-url = https://a:b@c.example.com/simple\nextra-index-url =\n  https://d.example.com",
      "index-url = \"https://a.example.com\"\nfind-links = [\"https://b.example.com\",\n'x']\n[[index]]\nurl='https://c.example.com'",
      "registry=https://a.example.com/\n@s:registry=${X}\n//a.example.com/:_authToken=x",
      "deb [a=b] http://a.example.com/x y z\n", "Types: deb\nURIs: http://a.example.com\n  b\n\n",
    ]
    let mutator = Mutator(corpus: corpus)
    for index in 0..<3_000 {
      let text = mutator.input(UInt64(index), seed: 3)
      var (pip, uv, npm) = (PipSettings(), UVSettings(), NPMSettings())
      pip.read(text)
      try? uv.read(text)
      npm.read(text, environment: ["X": "https://x.example.com"])
      let accesses = [
        try? PackageAccess.python(pip, uv), try? PackageAccess.node(npm),
        try? PackageAccess.system(APTSources.addresses(list: text)),
        try? PackageAccess.system(APTSources.addresses(stanzas: text)),
      ]
      for access in accesses.compactMap(\.self) {
        for registry in access.registries {
          #expect(!registry.address().dropFirst(8).prefix { $0 != "/" }.contains("@"))
          #expect(try Registry(parsing: registry.address()).address() == registry.address())
        }
        let told = access.file { _ in nil }?.text ?? ""
        #expect(told.split(separator: "\n").allSatisfy { !$0.hasPrefix("//") })
      }
    }
  }

  @Test func `apt's lists are read in both forms, without what is switched off`() {
    let list = """
      # deb http://no.example.com x main
      deb http://a.example.com/debian stable main # main
      deb [arch=amd64 signed-by=/usr/share/x.gpg] https://b.example.com ./
      deb-src http://a.example.com/debian stable main
      nonsense
      deb [broken
      deb
      """
    #expect(
      APTSources.addresses(list: list) == [
        "http://a.example.com/debian", "https://b.example.com", "http://a.example.com/debian",
      ]
    )
    let stanzas = """
      Types: deb deb-src
      # a comment
      URIs: http://a.example.com/debian
       https://b.example.com/x
      Suites: stable

      Enabled: no
      URIs: http://no.example.com

      uris: file:/srv/x
      """
    #expect(
      APTSources.addresses(stanzas: stanzas) == [
        "http://a.example.com/debian", "https://b.example.com/x", "file:/srv/x",
      ]
    )
  }
}
