import Testing

/// Clients of HTTP that no one here wrote, sealed, against nginx: each is unmodified and gets no
/// flag that it would not need outside.
@Suite(
  .enabled(
    if: Upstreams.areThere,
    "nginx, openssl, python3 or git is missing; ./test brings nginx"
  ),
  .timeLimit(.minutes(4))
)
struct NetworkClientTests {
  @Test(.enabled(if: Upstreams.has("curl"), "curl is not installed"))
  func `curl asks over plain HTTP`() async throws {
    try await NetworkWorkflow(grants: NetworkWorkflow.looking, script: "curl -sSf $PLAIN/hello.txt")
      .check(prints: "hello\n")
  }

  @Test(.enabled(if: Upstreams.has("curl"), "curl is not installed"))
  func `curl asks over TLS that is not looked into, and other names are denied`() async throws {
    try await NetworkWorkflow(grants: NetworkWorkflow.passing, script: "curl -sSf $TLS/hello.txt")
      .check(prints: "hello\n", denied: NetworkWorkflow.otherHost)
  }

  @Test(.enabled(if: Upstreams.has("curl"), "curl is not installed"))
  func `curl speaks HTTP/2 and HTTP/1.1 over TLS that is looked into`() async throws {
    try await NetworkWorkflow(
      grants: NetworkWorkflow.looking,
      script: """
        for version in --http2 --http1.1; do
          curl -sSf $version -o body -w '%{http_version} ' $TLS/hello.txt; cat body
        done
        """
    ).check(prints: "2 hello\n1.1 hello\n")
  }

  @Test(.enabled(if: Upstreams.has("curl"), "curl is not installed"))
  func `curl is refused the method that no rule names, and reads why`() async throws {
    let outcome = try await NetworkWorkflow(
      grants: NetworkWorkflow.looking,
      script: """
        head -c 300000 /dev/zero > body
        for version in --http2 --http1.1; do
          curl -sS $version -w '%{http_code}\\n' --data-binary @body $TLS/echo
        done
        """
    ).run()
    let lines = outcome.result.output.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.filter { $0.contains(#"allow: \"POST /echo\""#) }.count == 2)
    #expect(lines.filter { $0 == "403" }.count == 2)
    // What is denied again within a moment is counted in the row that there is.
    #expect(outcome.denials.allSatisfy { $0.method == "POST" })
    #expect(outcome.denials.reduce(0) { $0 + $1.count } == 2)
  }

  @Test(.enabled(if: Upstreams.has("curl"), "curl is not installed"))
  func `curl posts a body where a rule grants it`() async throws {
    try await NetworkWorkflow(
      grants: """
        - host: up.example.com
          ports: [TLS]
          addresses: [127.0.0.1]
          rules: [{ allow: "POST /take", body: 1MiB }]
        """,
      script: "head -c 900000 /dev/zero | curl -sSf --data-binary @- $TLS/take"
    ).check(prints: "POST HTTP/1.0\n")
  }

  @Test(.enabled(if: Upstreams.has("curl"), "curl is not installed"))
  func `curl follows a redirect as a new request`() async throws {
    try await NetworkWorkflow(grants: NetworkWorkflow.looking, script: "curl -sSfL $TLS/moved")
      .check(
        prints: "GET HTTP/2.0\n",
        denied: NetworkWorkflow.looking.replacing(
          #"{ allow: "HEAD /**" }"#,
          with: #"{ deny: "* /echo" }"#
        ),
        by: #"deny: "* /echo""#
      )
    let away = try await NetworkWorkflow(
      grants: NetworkWorkflow.looking,
      script: "curl -sSL $TLS/away"
    ).run()
    #expect(away.denials.contains { $0.host == "elsewhere.example.com" })
  }

  @Test(.enabled(if: Upstreams.has("wget"), "wget is not installed"))
  func `wget fetches a file`() async throws {
    try await NetworkWorkflow(
      grants: NetworkWorkflow.looking,
      script: "wget -q -O - $TLS/hello.txt; wget -q -O - $PLAIN/hello.txt"
    ).check(prints: "hello\nhello\n")
  }

  @Test(.enabled(if: Upstreams.has("node"), "node is not installed"))
  func `node fetches, twenty requests at once`() async throws {
    try await NetworkWorkflow(
      grants: NetworkWorkflow.looking,
      script: """
        cat > n.mjs <<'END'
        const one = async () => (await fetch(process.env.TLS + "/hello.txt")).text();
        const all = await Promise.all(Array.from({ length: 20 }, one));
        console.log(new Set(all).size, all[0].trim());
        END
        node n.mjs
        """
    ).check(prints: "1 hello\n")
  }

  @Test(.enabled(if: Upstreams.has("javac"), "no JDK is installed"))
  func `Java's HttpClient trusts the run without a flag`() async throws {
    try await NetworkWorkflow(
      grants: NetworkWorkflow.looking,
      script: """
        cat > Ask.java <<'END'
        import java.net.URI;
        import java.net.http.*;
        class Ask {
          public static void main(String[] arguments) throws Exception {
            var uri = URI.create(System.getenv("TLS") + "/hello.txt");
            var answer = HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            System.out.print(answer.version() + " " + answer.body());
          }
        }
        END
        java Ask.java 2>&1
        """
    ).check(prints: "HTTP_2 hello\n")
  }

  // MARK: - Python

  @Test(.enabled(if: Upstreams.has("python3"), "python3 is not installed"))
  func `Python's own urllib asks`() async throws {
    try await NetworkWorkflow(
      grants: NetworkWorkflow.looking,
      script: """
        python3 -c "import os, urllib.request as r
        print(r.urlopen(os.environ['TLS'] + '/hello.txt').read())"
        """
    ).check(prints: "b'hello\\n'\n")
  }

  @Test(
    .enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"),
    arguments: [
      "requests.get(base).text", "httpx.get(base).text",
      "httpx.Client(http2=True).get(base).text", "asyncio.run(ask())",
    ]
  )
  func `requests, httpx and aiohttp ask`(expression: String) async throws {
    try await NetworkWorkflow(
      grants: NetworkWorkflow.looking,
      script: """
        cat > ask.py <<'END'
        import asyncio, os, aiohttp, httpx, requests
        base = os.environ["TLS"] + "/hello.txt"
        async def ask():
            async with aiohttp.ClientSession() as session, session.get(base) as answer:
                return await answer.text()
        print(\(expression))
        END
        $BIN/python ask.py
        """
    ).check(prints: "hello\n\n")
  }

  // MARK: - WebSockets and bulk

  @Test(.enabled(if: Upstreams.hasPython, "the clients of PyPI are missing; ./test brings them"))
  func `a WebSocket is opened where a rule grants one`() async throws {
    let grants = """
      - host: up.example.com
        ports: [WEBSOCKET]
        addresses: [127.0.0.1]
        websocket: true
        rules: [{ allow: "GET /talk" }]
      """
    try await NetworkWorkflow(
      grants: grants,
      script: """
        cat > talk.py <<'END'
        import os
        from websockets.sync.client import connect
        with connect(os.environ["WEBSOCKET"] + "/talk") as socket:
            socket.send("x" * 100000)
            print(len(socket.recv()))
            socket.send(b"bytes")
            print(socket.recv())
        END
        $BIN/python talk.py
        """
    ).check(
      prints: "100000\nb'bytes'\n",
      denied: grants.replacing("  websocket: true\n", with: ""),
      by: "network: host up.example.com"
    )
  }

  @Test(
    .enabled(if: Upstreams.has("curl", "pgrep"), "curl or pgrep is not installed"),
    arguments: [
      (NetworkWorkflow.passing, "large", 1 << 30), (NetworkWorkflow.looking, "middle", 128 << 20),
    ]
  )
  func `a large download leaves the way out small`(
    grants: String,
    file: String,
    size: UInt64
  ) async throws {
    let workflow = NetworkWorkflow(
      grants: grants,
      // The mark stays, so one look after the download is enough; a busy machine is slow to look.
      script: "curl -sSf $TLS/\(file) | wc -c; sleep 10"
    )
    // The most that any process of the name ever held, of those below this test.
    let most = Task {
      var most = 0
      while !Task.isCancelled {
        let found = try await Command.named(
          "sh",
          "-c",
          "for p in $(pgrep -x caisson-egress); do grep VmHWM /proc/$p/status; done; sleep 0.2"
        ).run().output
        for line in found.split(separator: "\n") {
          most = max(most, Int(line.split(separator: " ").dropLast().last ?? "") ?? 0)
        }
      }
      return most
    }
    let outcome = try await workflow.run()
    most.cancel()
    #expect(outcome.result.output == "\(size)\n", "\(outcome.result.error)")
    #expect(outcome.rows.contains { ($0.received ?? 0) >= size })
    let kibibytes = try await most.value
    #expect(kibibytes > 0 && kibibytes < 128 << 10)
  }
}
