import Foundation
import Glibc
import Testing

/// Package managers that no one here wrote, sealed, under `packages`: told of the caller's own
/// registries by nothing but the caller's configuration.
@Suite(
  .enabled(
    if: Upstreams.areThere,
    "nginx, openssl, python3 or git is missing; ./test brings nginx"
  ),
  .timeLimit(.minutes(5))
)
struct PackagePresetTests {
  private static let pip = """
    $BIN/python -m pip install -q --disable-pip-version-check --target t gruss &&
    PYTHONPATH=t $BIN/python -c 'import gruss; print(gruss.text)'
    """

  private static func grants(_ kind: String) -> String {
    "- { packages: \(kind), addresses: [127.0.0.1] }"
  }

  /// A caller whose machine is configured by these files alone.
  private func workflow(
    _ kind: String,
    _ script: String,
    caller: [String: String]
  ) -> NetworkWorkflow {
    var workflow = NetworkWorkflow(grants: Self.grants(kind), script: script, caller: caller)
    for name in [
      "PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "UV_INDEX",
      "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_CONFIG_FILE", "XDG_CONFIG_HOME", "VIRTUAL_ENV",
      "NPM_CONFIG_REGISTRY", "NPM_CONFIG_USERCONFIG", "npm_config_registry",
    ] {
      workflow.environment[name] = .some(nil)
    }
    return workflow
  }

  /// Installs under the preset, fails without it, and the audit holds the file that came in.
  private func check(
    _ workflow: NetworkWorkflow,
    prints expected: String,
    got file: String,
    as package: String
  ) async throws {
    let outcome = try await workflow.run()
    #expect(outcome.result.output == expected, "\(outcome.result.error)")
    #expect(outcome.denials.isEmpty)
    let rows = outcome.rows.compactMap(\.package)
    let place = try Upstreams.running().place
    let sum = try await Command.named("sha256sum", "\(place)/www/\(file)").run()
    let named = rows.first { "\($0.name) \($0.version)" == package && $0.sha256 != nil }
    let row = try #require(named, "\(rows)")
    #expect(row.sha256.map { sum.output.hasPrefix($0) } == true, "\(row)")
    #expect(file.hasSuffix(row.file))

    var twin = workflow
    twin.grants = NetworkWorkflow.otherHost
    let denied = try await twin.run()
    #expect(denied.result.output != expected)
    // apt has no list of sources there, and asks nobody.
    guard !workflow.grants.contains("system") else { return }
    #expect(denied.denials.first?.rule == "the built-in rule 'default deny'")
    #expect(denied.denials.first?.remedy != nil)
  }

  @Test(.enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"))
  func `pip installs from the index of the caller`() async throws {
    try await check(
      workflow(
        "python",
        Self.pip,
        caller: [
          ".config/pip/pip.conf": "[global]\nindex-url = https://up.example.com:TLS/simple\n"
        ]
      ),
      prints: "hello from python\n",
      got: "files/gruss-1.0-py3-none-any.whl",
      as: "gruss 1.0"
    )
  }

  @Test(.enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"))
  func `uv installs from the index of the caller`() async throws {
    try await check(
      workflow(
        "python",
        """
        $BIN/uv pip install -q --python $BIN/python --target t gruss &&
        PYTHONPATH=t $BIN/python -c 'import gruss; print(gruss.text)'
        """,
        caller: [
          ".config/uv/uv.toml":
            "[[index]]\nurl = \"https://up.example.com:TLS/simple\"\ndefault = true\n"
        ]
      ),
      prints: "hello from python\n",
      got: "files/gruss-1.0-py3-none-any.whl",
      as: "gruss 1.0"
    )
  }

  @Test(.enabled(if: Upstreams.has("npm"), "npm is not installed"))
  func `npm installs from the registries of the caller, by scope`() async throws {
    try await check(
      workflow(
        "node",
        "npm install --silent gruss @acme/gruss && node -p 'require(\"@acme/gruss\")'",
        caller: [
          ".npmrc": "registry=https://up.example.com:TLS/npm/\n"
            + "@acme:registry=https://up.example.com:TLS/npm/\n"
        ]
      ),
      prints: "hello from node\n",
      got: "npm/@acme/gruss/-/gruss-1.0.0.tgz",
      as: "@acme/gruss 1.0.0"
    )
  }

  @Test(
    .enabled(
      if: geteuid() == 0 && Upstreams.has("apt-get", "dpkg-deb"),
      "another /etc/apt needs root, and apt"
    )
  )
  func `apt downloads from the repositories of the caller`() async throws {
    var workflow = workflow(
      "system",
      """
      apt-get -qq update >log 2>&1 && apt-get -qq download gruss >log 2>&1 &&
      dpkg-deb --fsys-tarfile gruss_1.0_all.deb | tar xO
      cat log >&2
      """,
      caller: [:]
    )
    workflow.before = """
      mount -t tmpfs none /etc/apt && mkdir /etc/apt/sources.list.d &&
      echo 'deb [trusted=yes] https://up.example.com:TLS/apt ./' >/etc/apt/sources.list &&
      echo 'deb https://ann:hunter2@up.example.com:TLS/private ./' \
        >/etc/apt/sources.list.d/private.list &&
      """
    try await check(
      workflow,
      prints: "hello from debian\n",
      got: "apt/gruss_1.0_all.deb",
      as: "gruss 1.0"
    )
    workflow = NetworkWorkflow(
      grants: workflow.grants,
      script: "ls /etc/apt/sources.list.d; cat /etc/apt/sources.list.d/* /etc/apt/sources.list",
      before: workflow.before
    )
    workflow.options = []
    let seen = try await workflow.run().result
    #expect(seen.error.contains("up.example.com: not granted, because its list holds a login"))
    #expect(seen.output.hasPrefix("deb [trusted=yes] "), "\(seen.output)\(seen.error)")
    #expect(!seen.output.contains("hunter2"))
  }

  @Test(.enabled(if: Upstreams.has("curl"), "curl is not installed"))
  func `a registry is read, and nothing is sent there`() async throws {
    var workflow = workflow(
      "python",
      """
      for method in POST PUT DELETE; do
        curl -s -o page -w '%{http_code}\\n' -X $method --data x $TLS/simple/; cat page >&2
      done
      curl -s -o page -w '%{http_code}\\n' $TLS/simple/gruss/
      curl -s -o page -w '%{http_code}\\n' -r 0-9 $TLS/files/gruss-1.0-py3-none-any.whl
      """,
      caller: [".config/pip/pip.conf": "[install]\nindex-url=https://up.example.com:TLS/simple\n"]
    )
    workflow.readsAudit = true
    let outcome = try await workflow.run()
    #expect(outcome.result.output == "403\n403\n403\n200\n206\n")
    #expect(outcome.denials.map(\.method) == ["POST", "PUT", "DELETE"])
    #expect(outcome.denials.allSatisfy { $0.rule == "the built-in rule 'default deny'" })
    let part = try #require(outcome.rows.compactMap(\.package).last)
    #expect(part.name == "gruss")
    #expect(part.sha256 == nil)
    #expect(outcome.audit.contains("; gruss 1.0 in parts or coded, not hashed"))
  }

  private static let guarded = [
    ".pip/pip.conf":
      "[global]\nindex-url = https://tester:hunter2@up.example.com:TLS/private/simple\n"
  ]

  @Test func `a login in the caller's index stays outside, and is said`() async throws {
    var workflow = workflow(
      "python",
      "env; cat $HOME/.pip/pip.conf /proc/self/environ; true",
      caller: Self.guarded
    )
    workflow.environment["PIP_EXTRA_INDEX_URL"] = "https://hunter2@up.example.com/simple"
    workflow.options = []
    let outcome = try await workflow.run()
    let said = outcome.result.output + outcome.result.error
    #expect(said.contains("PIP_INDEX_URL=https://up.example.com:"))
    #expect(said.contains("PIP_EXTRA_INDEX_URL=https://up.example.com/simple"))
    #expect(!said.contains("hunter2"), "\(said)")
    #expect(
      outcome.result.error.contains("caisson secret set NAME --host up.example.com"),
      "\(outcome.result.error)"
    )
  }

  @Test(.enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"))
  func `a secret stands in for the login of the caller`() async throws {
    var workflow = workflow(
      "python",
      "\(Self.pip)\nenv | grep hunter2",
      caller: Self.guarded
    )
    workflow.secret = ("REGISTRY_TOKEN", "hunter2")
    workflow.options = ["--secret", "REGISTRY_TOKEN"]
    workflow.readsAudit = true
    let outcome = try await workflow.run()
    #expect(outcome.result.output == "hello from python\n", "\(outcome.result.error)")
    #expect(!outcome.result.error.contains("stays outside"))
    #expect(outcome.denials.isEmpty)
    // What was redacted on its way is hashed as the run got it.
    let hashes = outcome.rows.compactMap { $0.package?.sha256 }
    let hash = try #require(hashes.last)
    #expect(outcome.audit.contains("; gruss 1.0 sha256:\(hash)"))
  }

  @Test(.enabled(if: Upstreams.has("npm"), "npm is not installed"))
  func `a secret stands in for the token of npm`() async throws {
    var workflow = workflow(
      "node",
      "npm install --silent gruss && node -p 'require(\"gruss\")'; grep -r hunter2 /etc/caisson",
      caller: [
        ".npmrc": "registry=https://up.example.com:TLS/bearer/npm/\n"
          + "//up.example.com:TLS/bearer/npm/:_authToken=hunter2\n"
      ]
    )
    #expect(try await workflow.run().result.output.isEmpty)
    workflow.secret = ("REGISTRY_TOKEN", "hunter2")
    workflow.options = ["--secret", "REGISTRY_TOKEN"]
    let outcome = try await workflow.run()
    #expect(outcome.result.output == "hello from node\n", "\(outcome.result.error)")
    #expect(outcome.denials.isEmpty)
  }

  @Test(.enabled(if: geteuid() == 0, "another /etc/xdg needs root"))
  func `a login in a file that every run may read is hidden`() async throws {
    var workflow = workflow(
      "python",
      "env; cat /etc/xdg/pip/pip.conf; grep -r hunter2 /etc/xdg",
      caller: [".x": ""]
    )
    workflow.before = """
      mount -t tmpfs none /etc/xdg && mkdir /etc/xdg/pip && {
        echo '[global]'
        echo 'index-url = https://hunter2@up.example.com:TLS/simple'
      } >/etc/xdg/pip/pip.conf &&
      """
    let seen = try await workflow.run().result
    #expect(seen.output.contains("PIP_INDEX_URL=https://up.example.com:"), "\(seen.error)")
    #expect(!seen.output.contains("hunter2"))
  }

  @Test(.enabled(if: Upstreams.has("curl"), "curl is not installed"))
  func `configuration in the workspace grants nothing, and is said`() async throws {
    var workflow = workflow("node", "curl -s $TLS/hello.txt", caller: [".npmrc": ""])
    workflow.files[".npmrc"] = "registry=https://up.example.com/npm/\n"
    workflow.options = []
    let project = try await workflow.run()
    #expect(project.result.output.isEmpty)
    #expect(project.result.error.contains("/.npmrc is not read for registries"))
    #expect(project.denials.contains { $0.host == "up.example.com" })

    // Passing over the caller's own file must not open what it may have turned away from.
    workflow.environment["NPM_CONFIG_USERCONFIG"] = ".npmrc"
    let own = try await workflow.run()
    #expect(own.result.status == .exited(126))
    #expect(own.result.error.contains(".npmrc is not read, because it lies where a run can write"))
    workflow.environment["NPM_CONFIG_REGISTRY"] = "https://other.example.com/"
    #expect(try await workflow.run().result.status == .exited(7))
  }

  @Test(.enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"))
  func `a registry without TLS works as it does outside`() async throws {
    let outcome = try await workflow(
      "python",
      Self.pip,
      caller: [
        ".config/pip/pip.conf":
          "[global]\nindex-url = http://up.example.com:PLAIN/simple\n"
          + "trusted-host = up.example.com\n"
      ]
    ).run()
    #expect(outcome.result.output == "hello from python\n", "\(outcome.result.error)")
    #expect(outcome.rows.contains { $0.package?.sha256 != nil && $0.transport == "http" })
  }

  @Test(.enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"))
  func `files at another host are refused, with what would grant them`() async throws {
    let outcome = try await workflow(
      "python",
      "$BIN/python -m pip download -q --disable-pip-version-check away",
      caller: [
        ".config/pip/pip.conf": "[global]\nindex-url = https://up.example.com:TLS/simple\n"
      ]
    ).run()
    #expect(outcome.result.status == .exited(1))
    let row = try #require(outcome.denials.first { $0.method == "GET" })
    #expect(row.host == "files.example.com")
    #expect(row.remedy == "network: [{ host: files.example.com }]")
  }

  @Test func `an option grants the same, and names the kinds that there are`() async throws {
    var workflow = workflow(
      "system",
      "env | grep PIP_INDEX_URL",
      caller: [".config/pip/pip.conf": "[global]\nindex-url = https://a.example.com/simple\n"]
    )
    workflow.grants = NetworkWorkflow.otherHost
    workflow.options = ["--quiet", "--packages", "python"]
    let granted = try await workflow.run().result
    #expect(granted.output == "PIP_INDEX_URL=https://a.example.com/simple\n", "\(granted.error)")
    workflow.options = ["--packages", "python-packages"]
    let unknown = try await workflow.run().result
    #expect(unknown.status == .exited(64))
    #expect(unknown.error.contains("did you mean python?"))
  }

  @Test func `explain says where packages come from, and judges requests there`() async throws {
    try await RunTests.withPlace { place in
      let policy = "\(place.home).yaml"
      try "version: 1\nnetwork: [{ packages: node }]\n"
        .write(toFile: policy, atomically: false, encoding: .utf8)
      func explain(_ options: String...) async throws -> String {
        var command = Command.caisson(
          "policy",
          "explain",
          policy,
          home: place.home,
          environment: [
            "HOME": "\(place.home)", "NPM_CONFIG_REGISTRY": "https://ann:pw@a.example.com/npm/",
          ],
          directory: place.workspace
        )
        command.arguments += options
        return try await command.run().output
      }
      let whole = try await explain()
      #expect(whole.contains("It may reach the configured registries of npm."))
      #expect(whole.contains("Here, packages come from https://a.example.com/npm/ for node."))
      #expect(!whole.contains("ann:pw"))
      #expect(try await explain("--host", "a.example.com").contains("allowed by"))
      let address = "https://a.example.com/npm/x"
      #expect(try await explain("--request", "GET \(address)").contains("allowed by"))
      #expect(try await explain("--request", "PUT \(address)").contains("denied by"))
    }
  }

  @Test func `what cannot be a registry refuses the run`() async throws {
    let outcome = try await workflow(
      "node",
      "true",
      caller: [".npmrc": "registry=http://localhost:4873/\n"]
    ).run()
    #expect(outcome.result.status == .exited(126))
    #expect(outcome.result.error.contains("network: packages node (line "))
    #expect(outcome.result.error.contains("the run's own loopback"))
  }
}
