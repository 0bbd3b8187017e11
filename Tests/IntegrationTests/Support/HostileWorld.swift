import Foundation
import Subprocess
import SystemPackage
import Testing

/// A world for attacks on the way out: a server with certificates of its own, a collector that no
/// policy grants, and a record of every byte that reached either.
struct HostileWorld: Sendable {
  /// What must not be found anywhere: the value of every secret, wherever a caller keeps them.
  static let canary = "CANARY-5f1d-9e77-b3c2"

  let directory: FilePath
  /// Granted under the names below example.com, by TLS and without.
  let tls: Int
  let plain: Int
  /// Granted to nobody.
  let collector: Int

  var home: FilePath { directory.appending("caisson") }
  var workspace: FilePath { directory.appending("workspace") }
  var callerHome: FilePath { directory.appending("home") }

  static func with(_ body: @Sendable (HostileWorld) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
      for name in ["caisson", "workspace", "home", "tls"] {
        try FileManager.default.createDirectory(
          atPath: directory.appending(name).string,
          withIntermediateDirectories: false
        )
      }
      try await makeCertificates(directory.appending("tls"))
      var server = Command.named("python3", "-u", directory: directory)
      server.arguments += ["-c", WorldServer.program]
      try await server.run { _, lines in
        var iterator = lines.makeAsyncIterator()
        let line = try #require(try await iterator.next())
        let ports = line.split(separator: " ").compactMap {
          Int($0.trimmingCharacters(in: .newlines))
        }
        try #require(ports.count == 3, "\(line)")
        try await body(
          HostileWorld(directory: directory, tls: ports[0], plain: ports[1], collector: ports[2])
        )
      }
    }
  }

  private static func makeCertificates(_ place: FilePath) async throws {
    let script = """
      set -e
      key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
      openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=World \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
      openssl req $key -keyout key.pem -out csr -subj /CN=server
      echo 'subjectAltName=DNS:*.example.com' > extensions
      openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -extfile extensions -out cert.pem
      """
    let made = try await Command.named("sh", "-c", script, directory: place).run()
    try #require(made.status == .exited(0), "\(made.error)")
  }

  // MARK: - Running

  /// The environment of a caller who has secrets.
  private var callerEnvironment: [String: String?] {
    [
      "HOME": callerHome.string, "SSL_CERT_FILE": directory.appending("tls/ca.pem").string,
      "AWS_SECRET_ACCESS_KEY": Self.canary, "OPENAI_API_KEY": Self.canary,
      "TLS_PORT": "\(tls)", "PLAIN_PORT": "\(plain)", "COLLECTOR_PORT": "\(collector)",
      "PATH": "/usr/local/bin:/usr/bin:/bin",
    ]
  }

  /// Runs a program of Python's as an ordinary caller would, with nothing around it.
  ///
  /// - Parameter before: what a shell does first, in mounts of its own.
  func unsealed(
    _ program: String,
    within before: String? = nil
  ) async throws -> Command.Result {
    try write("attack.py", program)
    var command = Command.named("python3", "attack.py", directory: workspace)
    command.environment = callerEnvironment
    command.environment["UNSEALED"] = "1"
    return try await command.within(before).run()
  }

  /// Runs a program of Python's in a run.
  func sealed(
    _ network: String,
    _ program: String,
    within before: String? = nil
  ) async throws -> Command.Result {
    try write("attack.py", program)
    try Data(policy(network).utf8)
      .write(to: URL(filePath: directory.appending("policy.yaml").string))
    var command = Command.caisson(
      "run",
      "--quiet",
      "--policy",
      directory.appending("policy.yaml").string,
      "--",
      "python3",
      "attack.py",
      home: home,
      environment: callerEnvironment,
      directory: workspace
    )
    command.environment["CAISSON_HOME"] = home.string
    return try await command.within(before).run()
  }

  private func policy(_ network: String) -> String {
    """
    version: 1
    environment: { pass: [TLS_PORT, PLAIN_PORT, COLLECTOR_PORT] }
    network:
    \(network)
    """
  }

  /// An entry of a policy for a name of the TLS server's.
  func entry(_ host: String, _ more: String = "") -> String {
    "  - { host: \(host), ports: [\(tls)], addresses: [127.0.0.1]\(more.isEmpty ? "" : ", ")\(more) }\n"
  }

  func store(_ name: String, _ options: String...) async throws {
    var command = Command.caisson("secret", "set", name, home: home, input: Self.canary)
    command.arguments += options
    let result = try await command.run()
    try #require(result.status == .exited(0), "\(result.error)")
  }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: workspace.appending(name).string))
  }

  // MARK: - Looking

  /// What the last run's audit says, in lines.
  func audit() async throws -> String {
    try await Command.caisson("audit", "last", "--json", home: home).run().output
  }

  /// What reached a door: `tls`, `plain` or `collector`.
  func received(_ door: String) throws -> Data {
    (try? Data(contentsOf: URL(filePath: directory.appending("received.\(door)").string))) ?? Data()
  }

  func forget() throws {
    for door in ["tls", "plain", "collector"] {
      try? FileManager.default.removeItem(atPath: directory.appending("received.\(door)").string)
    }
  }

  /// The canary in the spellings in which it could lie about.
  static func spellings(of text: String = canary) -> [Data] {
    let bytes = Data(text.utf8)
    let hexadecimal = bytes.map { String(format: "%02x", $0) }.joined()
    return [
      bytes, Data(bytes.base64EncodedString().utf8), Data(hexadecimal.utf8),
      Data(text.lowercased().utf8), Data(String(text.reversed()).utf8),
    ]
  }

  /// In hexadecimal and from its end, for programs that look for it.
  static let backwards = canary.utf8.reversed().map { String(format: "%02x", $0) }.joined()

  static func holdsCanary(_ data: Data) -> Bool {
    spellings().contains { data.range(of: $0) != nil }
  }

  /// The files below Caisson's state and the workspace that hold the canary.
  func filesWithCanary() throws -> [String] {
    // The kernel's mark of a volatile mount has mode 000, which an ordinary user must lift first.
    let runs = home.appending("runs")
    for run in try FileManager.default.contentsOfDirectory(atPath: runs.string) {
      for mark in ["work/work", "work/work/incompat", "work/work/incompat/volatile"] {
        _ = chmod(runs.appending(run).appending(mark).string, 0o700)
      }
    }
    return try [home, workspace].flatMap { root -> [String] in
      try FileManager.default.subpathsOfDirectory(atPath: root.string).filter { path in
        let file = URL(filePath: root.appending(path).string)
        guard let data = try? Data(contentsOf: file) else { return false }
        return Self.holdsCanary(data)
      }
    }
  }
}

extension Command {
  /// The same in mounts of its own, behind what a shell does there first.
  func within(_ before: String?) -> Command {
    guard let before else { return self }
    var command = self
    command.executable = "/usr/bin/unshare"
    command.arguments =
      ["--mount", "sh", "-c", before + "\"$@\"", "sh", executable.string] + arguments
    return command
  }
}
