import Foundation
import Glibc
import SystemPackage
import Testing

/// Programs that no one here wrote, sealed, each under the profile meant for it: `docs/programs.md`
/// says more about each.
@Suite(.timeLimit(.minutes(4))) struct ProgramTests {
  typealias Place = RunTests.Place

  static func has(_ names: String...) -> Bool {
    let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
    return names.allSatisfy { name in
      folders.contains { access("\($0)/\(name)", X_OK) == 0 }
    }
  }

  private func expectOutput(
    _ expected: String,
    profile: String = "default",
    _ script: String
  ) async throws {
    try await RunTests.withPlace { place in
      let result = try await place.sh(script, options: ["--quiet", "--policy", profile])
      #expect(result.status == .exited(0), "\(result.error)")
      #expect(result.output == expected, "\(result.error)")
    }
  }

  @Test(.enabled(if: has("git"), "git is not installed"))
  func `git commits, clones, branches and adds a worktree`() async throws {
    try await expectOutput(
      "two\none\n+ side\n* topic\nclean\n",
      """
      set -e
      git config --global user.name A; git config --global user.email a@example.com
      git config --global init.defaultBranch main
      git init -q src; cd src; echo 1 > a; git add a; git commit -qm one; cd ..
      git clone -q src copy; cd copy; git checkout -qb topic
      echo 2 > b; git add b; git commit -qm two; git log --format=%s
      git worktree add -q ../side 2> /dev/null; git branch | grep -v main
      test -z "$(git status --porcelain)" && echo clean
      """
    )
  }

  @Test(.enabled(if: has("make", "cc"), "make and a C compiler are not installed"))
  func `make builds a C program with threads, and it runs`() async throws {
    try await expectOutput(
      "threads\n",
      """
      set -e
      cat > a.c <<'END'
      #include <pthread.h>
      #include <stdio.h>
      static void *work(void *x) { return x; }
      int main(void) {
        pthread_t t;
        if (pthread_create(&t, 0, work, 0) || pthread_join(t, 0)) return 1;
        return puts("threads") < 0;
      }
      END
      printf 'a: a.c\\n\\t$(CC) -o $@ $< -lpthread\\n' > Makefile
      make -s -j2; ./a
      """
    )
  }

  @Test(.enabled(if: has("python3"), "python3 is not installed"))
  func `python makes a virtual environment and runs threads, processes and tests in it`()
    async throws
  {
    try await expectOutput(
      "[0, 1, 4]\nOK\n",
      profile: "python",
      """
      set -e
      python3 -m venv --without-pip v; . v/bin/activate
      cat > test_it.py <<'END'
      import multiprocessing, subprocess, sys, tempfile, threading, unittest
      def square(x): return x * x
      class It(unittest.TestCase):
          def test_parts(self):
              thread = threading.Thread(target=print); thread.start(); thread.join()
              subprocess.run([sys.executable, "-c", ""], check=True)
              self.assertTrue(sys.prefix.endswith("/v"))
              tempfile.TemporaryFile().close()
      if __name__ == "__main__":
          with multiprocessing.Pool(2) as pool: print(pool.map(square, range(3)))
      END
      python test_it.py; python -m unittest -q test_it 2>&1 | tail -1
      """
    )
  }

  @Test(.enabled(if: has("node"), "node is not installed"))
  func `node has worker threads, child processes and its own loopback`() async throws {
    try await expectOutput(
      "42 child served\n",
      profile: "node",
      """
      cat > n.js <<'END'
      const { Worker } = require("worker_threads"), { execSync } = require("child_process");
      const http = require("http");
      new Worker("require('worker_threads').parentPort.postMessage(42)", { eval: true })
        .on("message", (number) => {
          const child = execSync("echo child").toString().trim();
          const server = http.createServer((_, answer) => answer.end("served"));
          server.listen(0, "127.0.0.1", () => {
            http.get({ port: server.address().port }, (answer) =>
              answer.on("data", (text) => {
                console.log(number, child, String(text));
                process.exit(0);
              }));
          });
        });
      END
      node n.js
      """
    )
  }

  @Test(.enabled(if: has("sqlite3"), "sqlite3 is not installed"))
  func `sqlite keeps a database in WAL mode`() async throws {
    try await expectOutput(
      "wal\n3\n",
      """
      sqlite3 d.db 'pragma journal_mode=wal; create table t(a); insert into t values (1), (2);
      select sum(a) from t'
      """
    )
  }

  @Test(.enabled(if: has("tmux"), "tmux is not installed"))
  func `tmux has a session to type into`() async throws {
    try await expectOutput(
      "typed\n",
      """
      tmux -f /dev/null new-session -d -s x 'read word; echo $word > out; sleep 20'
      tmux send-keys -t x typed Enter
      for _ in $(seq 100); do test -s out && break; sleep 0.1; done; cat out
      """
    )
  }

  // MARK: - Descriptors

  @Test func `carries pipes and files byte for byte`() async throws {
    try await RunTests.withPlace { place in
      let run = "\(Command.binary("caisson")) run --quiet -- cat"
      var outer = Command.named(
        "sh",
        "-c",
        """
        head -c 20000000 /dev/urandom > ../data
        cat ../data | \(run) | cmp - ../data && \(run) < ../data > ../copy && cmp ../copy ../data
        """,
        directory: place.workspace
      )
      outer.environment["CAISSON_HOME"] = place.home.string
      let result = try await outer.run()
      #expect(result.status == .exited(0), "\(result.output)\(result.error)")
    }
  }

  @Test(arguments: [("cat", "<&-"), ("echo text", ">&-"), ("ls /absent", "2>&-")])
  func `a descriptor that the caller closed is closed inside, and nothing takes its place`(
    command: String,
    closing: String
  ) async throws {
    try await RunTests.withPlace { place in
      var outer = Command.named("sh", "-c", "\(command) \(closing)", directory: place.workspace)
      let plain = try await outer.run()
      outer.arguments[2] =
        "\(Command.binary("caisson")) run --quiet -- sh -c '\(command)' \(closing)"
      outer.environment["CAISSON_HOME"] = place.home.string
      let sealed = try await outer.run()
      #expect(sealed.status == plain.status, "\(sealed.error)")
    }
  }

  @Test func `twenty runs side by side do not mix`() async throws {
    try await RunTests.withPlace { place in
      let outputs = try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<20 {
          group.addTask { try await place.sh("echo \(number) > own; cat own").output }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(outputs == Set((0..<20).map { "\($0)\n" }))
    }
  }

  // MARK: - Places

  @Test func `a workspace below /var/tmp is one like any other`() async throws {
    let path = "/var/tmp/caisson-test-\(getpid())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await withTemporaryDirectory { home in
      let result = try await Command.caisson(
        "run",
        "--quiet",
        "--",
        "sh",
        "-c",
        "pwd; echo x > made; cat made; echo y > /var/tmp/other",
        home: home,
        directory: FilePath(path)
      ).run()
      #expect(result.output == "\(path)\nx\n", "\(result.error)")
    }
  }

  @Test func `HOME is where the caller says, private and empty`() async throws {
    try await RunTests.withPlace { place in
      try FileManager.default.createDirectory(
        atPath: place.home.removingLastComponent().appending("me").string,
        withIntermediateDirectories: false
      )
      let home = place.home.removingLastComponent().appending("me").string
      let result = try await Command.caisson(
        "run",
        "--quiet",
        "--",
        "sh",
        "-c",
        "echo $HOME; ls -A ~; touch ~/kept && echo writable",
        home: place.home,
        environment: ["HOME": home],
        directory: place.workspace
      ).run()
      #expect(result.output == "\(home)\nwritable\n", "\(result.error)")
      #expect(!FileManager.default.fileExists(atPath: home + "/kept"))
    }
  }
}
