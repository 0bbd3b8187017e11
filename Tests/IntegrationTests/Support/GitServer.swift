import Foundation
import Subprocess
import SystemPackage

/// Git's own `http-backend` behind a small HTTP server on loopback: a forge with two repositories.
enum GitServer {
  /// Serves `acme/app` (with `main` and `caisson/theirs`) and `acme/other` while `body` runs.
  static func serving(
    in place: FilePath,
    _ body: @Sendable (_ port: Int) async throws -> Void
  ) async throws {
    let script = place.appending("server.py")
    try Data(program.utf8).write(to: URL(filePath: script.string))
    let set = """
      set -e; cd "$1"; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b
      export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
      for name in app other; do
        git init -q --bare -b main acme/$name.git; git -C acme/$name.git config http.receivepack true
      done
      git init -q -b main seed; git -C seed commit -q --allow-empty -m one
      git -C seed push -q ../acme/app.git main main:caisson/theirs
      """
    let made = try await Command.named("sh", "-c", set, "sh", place.string).run()
    guard made.status == .exited(0) else { throw Failed(reason: made.error) }
    let server = Command.named("python3", script.string, place.string)
    try await server.run { _, lines in
      for try await line in lines {
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
          throw Failed(reason: line)
        }
        try await body(port)
        return
      }
    }
  }

  struct Failed: Error { let reason: String }

  private static let program = """
    import http.server, os, subprocess, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        def body(self):
            if self.headers.get('Transfer-Encoding') != 'chunked':
                return self.rfile.read(int(self.headers.get('Content-Length') or 0))
            body = b''
            while True:
                size = int(self.rfile.readline().split(b';')[0], 16)
                if size == 0:
                    self.rfile.readline()
                    return body
                body += self.rfile.read(size)
                self.rfile.readline()
        def answer(self):
            body = self.body()
            path, _, query = self.path.partition('?')
            env = dict(os.environ, GIT_PROJECT_ROOT=sys.argv[1], GIT_HTTP_EXPORT_ALL='1',
                PATH_INFO=path, QUERY_STRING=query, REQUEST_METHOD=self.command,
                CONTENT_TYPE=self.headers.get('Content-Type', ''), REMOTE_USER='x',
                REMOTE_ADDR='127.0.0.1', CONTENT_LENGTH=str(len(body)),
                HTTP_CONTENT_ENCODING=self.headers.get('Content-Encoding', ''),
                GIT_PROTOCOL=self.headers.get('Git-Protocol', ''))
            result = subprocess.run(['git', 'http-backend'], input=body, env=env,
                stdout=subprocess.PIPE).stdout
            head, _, content = result.partition(b'\\r\\n\\r\\n')
            status, fields = 200, []
            for line in head.decode().split('\\r\\n'):
                name, _, value = line.partition(':')
                if name.lower() == 'status': status = int(value.split()[0])
                elif name: fields.append((name, value.strip()))
            self.send_response(status)
            for name, value in fields: self.send_header(name, value)
            self.send_header('Content-Length', str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        do_GET = do_POST = answer
        def log_message(self, *arguments): pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
    """
}
