import Foundation
import Subprocess
import Testing

@testable import Egress

/// Git itself, against `git http-backend`, through an inspected connection.
@Suite struct GitTests {
  /// Serves the repositories below a folder; says its port on a named pipe.
  static let server = """
    import http.server, os, subprocess, sys
    os.chdir(sys.argv[1])
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        def log_message(self, *a): pass
        def body(self):
            if self.headers.get('Transfer-Encoding') != 'chunked':
                return self.rfile.read(int(self.headers.get('Content-Length') or 0))
            parts = []
            while True:
                size = int(self.rfile.readline(), 16)
                parts.append(self.rfile.read(size)); self.rfile.readline()
                if size == 0: return b''.join(parts)
        def serve(self):
            path, _, query = self.path.partition('?')
            env = dict(os.environ, GIT_PROJECT_ROOT=os.getcwd(), GIT_HTTP_EXPORT_ALL='1',
                PATH_INFO=path, QUERY_STRING=query, REQUEST_METHOD=self.command,
                REMOTE_USER='run', REMOTE_ADDR='127.0.0.1',
                CONTENT_TYPE=self.headers.get('Content-Type') or '',
                HTTP_CONTENT_ENCODING=self.headers.get('Content-Encoding') or '',
                GIT_PROTOCOL=self.headers.get('Git-Protocol') or '')
            out = subprocess.run(['git', 'http-backend'], input=self.body(), env=env,
                stdout=subprocess.PIPE).stdout
            head, _, body = out.partition(b'\\r\\n\\r\\n')
            lines = [l.split(': ', 1) for l in head.decode().split('\\r\\n')]
            status = next((v for k, v in lines if k == 'Status'), '200 OK')
            self.send_response(int(status.split()[0]))
            for k, v in lines:
                if k != 'Status': self.send_header(k, v)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        do_GET = do_POST = serve
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    with open(sys.argv[2], 'w') as pipe: print(server.server_address[1], file=pipe)
    server.serve_forever()
    """

  @Test func `fetches and pushes what the entry grants, and nothing else`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "caisson-git-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["acme/app.git", "acme/other.git"] {
      _ = try await git(["init", "-q", "--bare", "-b", "main", name], in: folder)
    }
    _ = try await git(["init", "-q", "-b", "main", "seed"], in: folder)
    let seed = folder.appending(path: "seed")
    try await commit("one", in: seed)
    for name in ["app", "other"] {
      _ = try await git(["push", "-q", "../acme/\(name).git", "main"], in: seed)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      let pipe = folder.appending(path: "port").path
      _ = try await Subprocess.run(.name("mkfifo"), arguments: [pipe], output: .discarded)
      group.addTask {
        _ = try await Subprocess.run(
          .name("python3"),
          arguments: ["-c", Self.server, folder.path, pipe],
          output: .discarded
        )
      }
      let cat = try await Subprocess.run(
        .name("cat"),
        arguments: [pipe],
        output: .string(limit: 64)
      )
      let text = cat.standardOutput
      let port = try #require(UInt16(text.trimmingCharacters(in: .whitespacesAndNewlines)))
      try await drive(folder, port)
      group.cancelAll()
      while (try? await group.next()) != nil {}
    }
  }

  private func drive(_ folder: URL, _ port: UInt16) async throws {
    let entry = "git: \(InspectedRun.host)/acme/app, push: [\"caisson/*\"]"
    try await InspectedRun.with("", isTLS: false, git: entry, server: port) { run in
      let base = "http://\(InspectedRun.host):\(run.port)/acme"
      let resolve = "http.curloptResolve=\(InspectedRun.host):\(run.port):127.0.0.1"
      func call(_ arguments: String..., at: URL) async throws -> (ok: Bool, text: String) {
        try await git(["-c", resolve] + arguments, in: at)
      }
      #expect(try await call("clone", "-q", "\(base)/app.git", "work", at: folder).ok)
      let other = try await call("clone", "-q", "\(base)/other.git", "no", at: folder)
      #expect(!other.ok)
      #expect(other.text.contains("no entry names the repository"))

      let work = folder.appending(path: "work")
      try await commit("two", in: work)
      #expect(try await call("push", "origin", "HEAD:refs/heads/caisson/x", at: work).ok)
      try await commit("three", in: work)
      #expect(try await call("push", "origin", "HEAD:refs/heads/caisson/x", at: work).ok)

      let main = try await call("push", "origin", "HEAD:refs/heads/main", at: work)
      #expect(!main.ok)
      #expect(main.text.contains("remote: caisson: "))
      #expect(main.text.contains("refused by Caisson"))
      #expect(!(try await call("push", "origin", ":refs/heads/caisson/x", at: work).ok))
      #expect(!(try await call("push", "origin", "HEAD:refs/tags/v1", at: work).ok))
      // Somebody else's branch below the pattern is not overwritten.
      let server = folder.appending(path: "acme/app.git")
      _ = try await git(["branch", "caisson/theirs", "main"], in: server)
      #expect(!(try await call("push", "-f", "origin", "HEAD:caisson/theirs", at: work).ok))

      let refs = try await git(["for-each-ref", "--format=%(refname)"], in: server)
      #expect(
        refs.text == "refs/heads/caisson/theirs\nrefs/heads/caisson/x\nrefs/heads/main\n"
      )
      let pushes = run.audit.all.filter { $0.path == "/acme/app.git/git-receive-pack" }
      #expect(pushes.map(\.verdict) == [.allowed, .allowed, .denied, .denied, .denied, .denied])
      #expect(pushes.first?.detail?.hasPrefix("create caisson/x at ") == true)
    }
  }

  private func commit(_ text: String, in folder: URL) async throws {
    // Large enough that git sends it in pieces.
    let content = (0..<2000).map { "\(text) \($0 &* 7919)" }.joined(separator: "\n")
    try content.write(to: folder.appending(path: text), atomically: true, encoding: .utf8)
    _ = try await git(["add", text], in: folder)
    _ = try await git(["commit", "-q", "-m", text], in: folder)
  }

  private func git(_ arguments: [String], in folder: URL) async throws -> (ok: Bool, text: String) {
    let result = try await Subprocess.run(
      .name("git"),
      arguments: .init(
        ["-C", folder.path, "-c", "user.name=A", "-c", "user.email=a@b.test"] + arguments
      ),
      environment: .inherit.updating([
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
      ]),
      output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20)
    )
    return (result.terminationStatus.isSuccess, result.standardOutput + result.standardError)
  }
}
