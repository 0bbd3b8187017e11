import Foundation
import Subprocess
import SystemPackage
import Testing

/// Pushes that a grant of one repository and one family of branches does not hold, by git itself.
@Suite(.timeLimit(.minutes(5))) struct GitAttackTests {
  private static let server = #"""
    import http.server, os, subprocess, urllib.parse

    class Forge(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *rest): pass
        def body(self):
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            whole = b""
            while size := int(self.rfile.readline(), 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        def serve(self):
            place, body = urllib.parse.urlsplit(self.path), self.body()
            environment = dict(
                os.environ, GIT_PROJECT_ROOT=os.path.abspath("repositories"), GIT_HTTP_EXPORT_ALL="1",
                PATH_INFO=urllib.parse.unquote(place.path), QUERY_STRING=place.query,
                REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""),
                CONTENT_LENGTH=str(len(body)), REMOTE_USER="x", REMOTE_ADDR="127.0.0.1",
                HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                GIT_PROTOCOL=self.headers.get("Git-Protocol", ""))
            made = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True)
            head, _, answer = made.stdout.partition(b"\r\n\r\n")
            fields = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n") if b": " in line)
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        do_GET = do_POST = serve

    forge = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forge)
    print(forge.server_port, flush=True)
    forge.serve_forever()
    """#

  private static let setup = """
    set -e
    git config --global user.email a@example.com; git config --global user.name A; git config --global init.defaultBranch main
    for name in app other; do
      git init -q --bare repositories/acme/$name.git
      git -C repositories/acme/$name.git config http.receivepack true
    done
    git init -q seed; cd seed; echo 1 > a; git add a; git commit -qm one
    git push -q ../repositories/acme/app.git HEAD:main HEAD:caisson/theirs
    git push -q ../repositories/acme/other.git HEAD:main
    """

  /// Prints the name of each push that was taken.
  private static let pushes = """
    forge=$1; cd "$2"; export GIT_TERMINAL_PROMPT=0
    git config --global user.email a@example.com; git config --global user.name A
    git clone -q $forge/acme/app.git work; cd work
    taken() { name=$1; shift; git push -q "$@" 2> /dev/null && echo $name; }
    git checkout -qb mine; echo 2 > b; git add b; git commit -qm two
    taken own origin HEAD:caisson/mine
    taken other-repository $forge/acme/other.git HEAD:caisson/mine
    taken protected origin HEAD:main
    taken tag origin HEAD:refs/tags/v1
    taken hidden origin HEAD:refs/pull/1/head
    taken both --atomic origin HEAD:refs/heads/caisson/two HEAD:refs/heads/main
    git checkout -q --orphan fresh; git commit -qm fresh
    taken forced -f origin HEAD:caisson/theirs
    taken deleted origin :caisson/theirs
    git clone -q $forge/acme/other.git ../stolen 2> /dev/null && echo stolen
    true
    """

  @Test func `a push reaches one repository, its own branches, and drops nothing`() async throws {
    for isSealed in [false, true] {
      try await withTemporaryDirectory { directory in
        let home = directory.appending("home")
        for name in ["home", "workspace", "caisson"] {
          try FileManager.default.createDirectory(
            atPath: directory.appending(name).string,
            withIntermediateDirectories: false
          )
        }
        var setup = Command.named("sh", "-c", Self.setup, directory: directory)
        setup.environment = ["HOME": home.string, "GIT_CONFIG_NOSYSTEM": "1"]
        let made = try await setup.run()
        try #require(made.status == .exited(0), "\(made.error)")
        var server = Command.named("python3", "-u", "-c", directory: directory)
        server.arguments.append(Self.server)
        server.environment = setup.environment
        try await server.run { _, lines in
          var iterator = lines.makeAsyncIterator()
          let line = try #require(try await iterator.next())
          let port = try #require(Int(line.trimmingCharacters(in: .newlines)))
          let result = try await Self.push(isSealed, port, directory)
          let expected =
            isSealed
            ? ["own"]
            : [
              "own", "other-repository", "protected", "tag", "hidden", "both", "forced", "deleted",
              "stolen",
            ]
          #expect(
            result.output.split(separator: "\n").map(String.init) == expected,
            "\(result.error)"
          )
        }
      }
    }
  }

  private static func push(
    _ isSealed: Bool,
    _ port: Int,
    _ directory: FilePath
  ) async throws -> Command.Result {
    let workspace = directory.appending("workspace")
    guard isSealed else {
      var command = Command.named(
        "sh",
        "-c",
        pushes,
        "sh",
        "http://127.0.0.1:\(port)",
        workspace.string
      )
      command.environment = ["HOME": directory.appending("home").string]
      return try await command.run()
    }
    let policy = directory.appending("policy.yaml")
    try Data(
      """
      version: 1
      network:
        - { git: forge.example.com/acme/app, ports: [\(port)], addresses: [127.0.0.1], push: ["caisson/*"] }
      """.utf8
    ).write(to: URL(filePath: policy.string))
    let command = Command.caisson(
      "run",
      "--quiet",
      "--policy",
      policy.string,
      "--",
      "sh",
      "-c",
      pushes,
      "sh",
      "http://forge.example.com:\(port)",
      ".",
      home: directory.appending("caisson"),
      directory: workspace
    )
    return try await command.run()
  }
}
