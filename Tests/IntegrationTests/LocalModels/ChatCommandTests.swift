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
