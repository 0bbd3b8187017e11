import Foundation
import SystemPackage
import Testing

/// `caisson chat` with the model that comes with Caisson: no daemon, no key, no network.
@Suite(.serialized, .enabled(if: LocalPlace.hasModel, Comment(rawValue: LocalPlace.why)))
struct ChatCommandTests {
  private let question = "What is the capital of France?"

  @Test func `a question is answered, and nothing is left running`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let result = try await place.caisson("chat", "--once", question, "--verbose")
      #expect(result.status == .exited(0), "\(result.error)")
      #expect(result.output == "The capital of France is Paris.\n")
      #expect(result.error.contains("tokens read at "))
      let left = try FileManager.default.contentsOfDirectory(
        atPath: home.appending("runtime").string
      )
      #expect(left == [])
    }
  }

  @Test func `what is piped is one question, and --json gives the answer whole`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let result = try await place.caisson(
        "chat",
        "smollm2-135m",
        "--json",
        "--max-tokens",
        "3",
        input: question + "\n"
      )
      let answer = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any],
        "\(result.error)"
      )
      #expect(answer["answer"] as? String == "The capital of")
      #expect(answer["ended"] as? String == "length")
      #expect(answer["tokens"] as? Int == 3)
    }
  }

  @Test func `a conversation that does not fit is refused with its numbers`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let words = String(repeating: "word ", count: 300)
      let result = try await place.caisson("chat", "--context", "256", input: words)
      #expect(result.status == .exited(1))
      #expect(result.error.contains("holds 256 with one"), "\(result.error)")
      #expect(result.error.contains("a longer window with --context"), "\(result.error)")
      #expect(result.output == "")
    }
  }

  @Test func `a model that is not here needs a gateway, and the error says so`() async throws {
    try await withTemporaryDirectory { home in
      let place = LocalPlace(home: home)
      let result = try await place.caisson("chat", "smollm2-136m", "--once", question)
      #expect(result.status == .exited(64))
      #expect(result.error.contains("did you mean 'smollm2-135m'?"), "\(result.error)")
      #expect(result.error.contains("start it with: caisson gateway"))
    }
  }

  @Test(arguments: [
    (["--once", "  "], "--once is a question"),
    (["--once", "Hi", "--temperature", "-1"], "--temperature is 0 to 100"),
    (["--once", "Hi", "--max-tokens", "-1"], "--max-tokens is 1 or more"),
    (["--once", "Hi", "--context", "-1"], "--context is 1 or more"),
  ])
  func `what makes no sense is refused, and says why`(words: [String], why: String) async throws {
    try await withTemporaryDirectory { home in
      var command = Command.caisson(home: home, environment: LocalPlace(home: home).environment)
      command.arguments = ["chat"] + words
      let result = try await command.run()
      #expect(result.status == .exited(64))
      #expect(result.error.contains(why), "\(result.error)")
    }
  }

  @Test func `what is piped and longer than any window is refused, not cut`() async throws {
    try await withTemporaryDirectory { home in
      let text = String(repeating: "word ", count: 16 << 20 / 5 + 1)
      let result = try await LocalPlace(home: home).caisson("chat", input: text)
      #expect(result.status == .exited(64))
      #expect(result.error.contains("longer than 16 MiB"), "\(result.error)")
    }
  }

  @Test func `a conversation goes on when its keeper is killed, and leaves nothing`() async throws {
    try await withTemporaryDirectory { home in
      let result = try await LocalPlace(home: home).script(
        #"""
        import json, os, pty, select, signal, time
        pid, terminal = pty.fork()
        if pid == 0: os.execv(os.environ["CAISSON"], ["caisson", "chat"])
        text = b""
        def until(mark):
          global text
          end = time.time() + 60
          while mark not in text and time.time() < end:
            if select.select([terminal], [], [], 1)[0]:
              try: text += os.read(terminal, 65536)
              except OSError: break
          found, _, text = text.partition(mark)
          return (found + mark).decode(errors="replace")
        def kinds():
          found = {}
          for p in filter(str.isdigit, os.listdir("/proc")):
            try: words = open(f"/proc/{p}/cmdline").read().split("\0")
            except OSError: continue
            if len(words) > 2 and words[1] in ("keep", "spare") and os.environ["CAISSON_HOME"] in words[2]:
              found[int(p)] = words[1]
          return found
        until(b"> ")
        question = b"What is the capital of France?\r"
        os.write(terminal, question)
        result = {"first": until(b"Paris.")}
        until(b"> ")
        keeper = [p for p, kind in kinds().items() if kind == "keep"][0]
        os.kill(keeper, signal.SIGKILL)
        result["said"] = until(b"takes its place")
        os.write(terminal, b"/clear\r")
        until(b"forgotten")
        os.write(terminal, question)
        result["second"] = until(b"Paris.")
        until(b"> ")
        os.write(terminal, b"/exit\r")
        result["status"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        result["left"] = len(kinds())
        result["sockets"] = os.listdir(os.environ["CAISSON_HOME"] + "/runtime")
        print(json.dumps(result))
        """#
      )
      #expect((result["first"] as? String)?.contains("Paris.") == true, "\(result)")
      #expect((result["said"] as? String)?.contains("takes its place") == true, "\(result)")
      #expect((result["second"] as? String)?.contains("Paris.") == true, "\(result)")
      #expect(result["status"] as? Int == 0)
      #expect(result["left"] as? Int == 0 && result["sockets"] as? [String] == [], "\(result)")
    }
  }

  @Test func `Ctrl-C ends an answer, and the conversation goes on`() async throws {
    try await withTemporaryDirectory { home in
      let result = try await LocalPlace(home: home).script(
        #"""
        import json, os, pty, select, time
        pid, terminal = pty.fork()
        if pid == 0: os.execv(os.environ["CAISSON"], ["caisson", "chat"])
        text = b""
        def until(*marks):
          global text
          end = time.time() + 60
          while not any(mark in text for mark in marks) and time.time() < end:
            if select.select([terminal], [], [], 1)[0]:
              try: text += os.read(terminal, 65536)
              except OSError: break
          end = min([text.find(mark) + len(mark) for mark in marks if mark in text] or [len(text)])
          found, text = text[:end], text[end:]
          return found.decode(errors="replace")
        result = {"greeting": until(b"> ")}
        os.write(terminal, b"What is the capital of Spain?\x1b[D\x7f\x7f\x7f\x7f\x7fFrance\r")
        result["answer"] = until(b"\r\n") + until(b"Paris.") + until(b"> ")
        os.write(terminal, b"Write a very long story about a dog.\r")
        until(b"\r\n")
        result["story"] = until(b" the ", b" a ")
        os.write(terminal, b"\x03")
        result["stopped"] = until(b"> ")
        os.write(terminal, b"/help\r")
        result["help"] = until(b"forgets")
        until(b"> ")
        os.write(terminal, b"\x03")
        result["once more"] = until(b"once more", b"nothing")
        os.write(terminal, b"\x03")
        result["status"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps(result))
        """#
      )
      #expect((result["greeting"] as? String)?.contains("/help says more") == true)
      #expect((result["answer"] as? String)?.contains("capital of France?") == true, "\(result)")
      #expect((result["answer"] as? String)?.contains("Paris.") == true)
      #expect((result["stopped"] as? String)?.contains("> ") == true, "\(result)")
      #expect((result["help"] as? String)?.contains("/clear forgets") == true)
      #expect((result["once more"] as? String)?.contains("once more") == true, "\(result)")
      #expect(result["status"] as? Int == 0, "\(result)")
    }
  }
}
