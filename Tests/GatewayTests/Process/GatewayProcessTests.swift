import Foundation
import Journal
import NIOHTTP1
import SystemPackage
import Testing

@testable import Gateway

/// The gateway as its user starts it, and what its death leaves.
@Suite(.takesTurns) struct GatewayProcessTests {
  private static let named = [("idempotency-key", "once")]

  private func with(
    _ body: (GatewayProcess.Home, String, ScriptedUpstream) async throws -> Void
  ) async throws {
    let upstream = try await ScriptedUpstream.start()
    let home = try GatewayProcess.Home(TestGateway.document([upstream]))
    let key = try home.addKey("test", "--budget", "10.00 USD")
    try await body(home, key, upstream)
    home.remove()
    try await upstream.stop()
  }

  @Test func `the command serves, bills what it served, and stops when it is asked to`()
    async throws
  {
    try await with { home, key, upstream in
      let gateway = try GatewayProcess(home)
      let answer = try await gateway.post(TestGateway.hello, key: key)
      #expect(answer.text == ScriptedUpstream.chat("hello"))
      #expect(gateway.stop() == 0)
      let bill = try home.run("bill", "--json").output
      #expect(bill.contains("13000000"), "\(bill)")
      #expect(try home.run("bill", "--verify").status == 0)
    }
  }

  @Test func `a request under way is answered before the gateway stops`() async throws {
    try await with { home, key, upstream in
      let gate = ScriptedUpstream.Gate()
      upstream.script([.gate(gate)] + ScriptedUpstream.json(ScriptedUpstream.chat("late")))
      let gateway = try GatewayProcess(home)
      async let answer = gateway.post(TestGateway.hello, key: key)
      try await upstream.received(1)
      kill(gateway.identifier, SIGTERM)
      gate.open()
      let text = try await answer.text
      #expect(text.contains("late"))
      #expect(gateway.end() == 0)
    }
  }

  @Test func `a whole answer outlives a gateway that is killed right after it`() async throws {
    try await with { home, key, upstream in
      var gateway = try GatewayProcess(home)
      let first = try await gateway.post(TestGateway.hello, key: key, headers: Self.named)
      gateway.kill()
      gateway = try GatewayProcess(home)
      let second = try await gateway.post(TestGateway.hello, key: key, headers: Self.named)
      #expect(second.text == first.text)
      #expect(second.headers.first(name: "x-caisson-replayed") == "true")
      #expect(upstream.requests.count == 1)
      #expect(gateway.stop() == 0)
      #expect(try home.run("bill", "--json").output.contains("13000000"))
    }
  }

  @Test func `a call whose gateway is killed is charged its ceiling, listed, and not made again`()
    async throws
  {
    try await with { home, key, upstream in
      upstream.script([.silence])
      var gateway = try GatewayProcess(home)
      let client = try RawClient(port: gateway.port)
      try client.send(TestGateway.hello, key: key, headers: Self.named)
      try await upstream.received(1)
      gateway.kill()
      gateway = try GatewayProcess(home)
      #expect(gateway.greeting.contains("1 calls of a gateway that died may have been billed"))
      let answer = try await gateway.post(TestGateway.hello, key: key, headers: Self.named)
      #expect(answer.status == 409)
      #expect(answer.text.contains("answer_lost"))
      #expect(upstream.requests.count == 1)
      let bill = try home.run("bill").output
      #expect(bill.contains("Nobody knows"), "\(bill)")
      #expect(gateway.stop() == 0)
      let ledger = try Ledger.open(directory: FilePath(home.directory))
      let call = try #require(try ledger.call(CallID(1)))
      #expect(call.state == .unknown)
      #expect(call.charged == call.ceiling)
      ledger.close()
    }
  }

  @Test func `two gateways do not share a spool`() async throws {
    try await with { home, _, _ in
      let gateway = try GatewayProcess(home)
      #expect(throws: GatewayProcess.Failure.self) { try GatewayProcess(home) }
      #expect(gateway.stop() == 0)
    }
  }

  @Test func `an address that is taken is said so`() async throws {
    try await with { home, _, _ in
      let gateway = try GatewayProcess(home)
      let other = try GatewayProcess.Home(home.document)
      let file = home.directory + "/gateway.yaml"
      let port = "127.0.0.1:\(gateway.port)"
      let result = try other.run("gateway", "--config", file, "--listen", port)
      #expect(result.status == 125)
      #expect(result.errors.contains("cannot listen on \(port)"), "\(result.errors)")
      other.remove()
      #expect(gateway.stop() == 0)
    }
  }

  @Test func `a provider whose key is missing is named before anything is served`() async throws {
    let home = try GatewayProcess.Home(
      "version: 1\nproviders:\n  openai: { key: NO_SUCH_KEY }\n  mistral: { key: { env: NOT_SET } }\n"
    )
    let result = try home.run("gateway", "--config", home.directory + "/gateway.yaml")
    #expect(result.status == 125, "\(result.errors)")
    #expect(result.errors.contains("openai:"), "\(result.errors)")
    #expect(result.errors.contains("the variable NOT_SET is not set"), "\(result.errors)")
    home.remove()
  }

  @Test func `keys of providers stand in no place that others can read`() async throws {
    let upstream = try await ScriptedUpstream.start()
    let home = try GatewayProcess.Home(
      "version: 1\nproviders:\n  own: { dialect: openai, base: \"\(upstream.base)/v1\", key: { env: "
        + "PATH } }\n"
    )
    let value = try #require(ProcessInfo.processInfo.environment["PATH"])
    let gateway = try GatewayProcess(home)
    for file in ["environ", "cmdline"] {
      let path = "/proc/\(gateway.identifier)/\(file)"
      let text = (try? Data(contentsOf: URL(filePath: path))) ?? Data()
      #expect(!String(decoding: text, as: UTF8.self).contains(value))
    }
    #expect(gateway.stop() == 0)
    home.remove()
    try await upstream.stop()
  }

  @Test func `the process has given up what it does not need, in each of its threads`() async throws
  {
    try await with { home, key, _ in
      let gateway = try GatewayProcess(home)
      let answer = try await gateway.post(TestGateway.hello, key: key)
      #expect(answer.status == 200)
      let tasks = "/proc/\(gateway.identifier)/task"
      let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
      #expect(threads.count > 1)
      for thread in threads {
        let file = URL(filePath: "\(tasks)/\(thread)/status")
        let status = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(status.contains("NoNewPrivs:\t1\n"))
        #expect(status.contains("CapEff:\t0000000000000000\n"))
      }
      #expect(gateway.stop() == 0)
    }
  }
}
