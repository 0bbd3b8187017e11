import CLinux
import Foundation
import Policy
import Testing

@testable import Egress

@Suite(.serialized, .takesTurns) struct EgressProcessTests {
  private func policy(_ port: UInt16, host: String = "echo.test", more: String = "") -> String {
    """
    version: 1
    network:
      - host: \(host)
        ports: [\(port)]
        addresses: [127.0.0.1]
    \(more)
    """
  }

  private func connect(_ process: EgressProcess, _ target: String) throws -> Loopback.Client {
    let client = try Loopback.Client(process.port(.proxy))
    client.send("CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\r\n")
    return client
  }

  private let established = "HTTP/1.1 200 Connection established\r\n\r\n"

  @Test func `answers names over both transports`() throws {
    let process = try EgressProcess()
    try process.serve(policy(9_000))
    #expect(process.certificate.hasPrefix("-----BEGIN CERTIFICATE-----"))
    let question = DNSText.question("echo.test")
    let datagrams = try Loopback.Client(process.port(.nameDatagram), datagram: true)
    datagrams.send(question)
    let answer = datagrams.receive()
    #expect(answer.suffix(4) == [198, 18, 1, 0])
    let stream = try Loopback.Client(process.port(.nameStream))
    stream.send([0, UInt8(question.count)] + question)
    #expect(Array(stream.receive().dropFirst(2)) == answer)
  }

  @Test func `passes bytes both ways, and each end of them`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port))
    let client = try connect(process, "echo.test:\(echo.port)")
    #expect(client.text(until: "\r\n\r\n") == established)
    client.send("one")
    #expect(client.text(until: "one") == "one")
    client.send("two")
    client.endOutput()
    #expect(client.textToEnd() == "two")
    let row = try process.row { $0.kind == .connection }
    #expect(row.verdict == .allowed && row.host == "echo.test" && row.way == "connect")
    #expect(row.sent == 6 && row.received == 6 && row.address == "127.0.0.1")
    #expect(row.rule == "network: host echo.test (line 3)")
  }

  @Test func `a slow reader gets all of what was sent`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port))
    let client = try connect(process, "echo.test:\(echo.port)")
    #expect(client.text(until: "\r\n\r\n") == established)
    var received = 0
    let chunk = [UInt8](repeating: 0x61, count: 60_000)
    for _ in 0..<40 { client.send(chunk) }
    client.endOutput()
    while true {
      let more = client.receive()
      if more.isEmpty { break }
      received += more.count
    }
    #expect(received == 40 * chunk.count)
  }

  @Test func `denies what is not granted, and says what would allow it`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port))
    let denied = try connect(process, "other.test:443")
    let page = denied.textToEnd()
    #expect(page.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
    #expect(page.contains("to allow it: network: [{ host: other.test }]"))
    #expect(try process.row { $0.host == "other.test" }.verdict == .denied)
    // The name is granted, the port is not; the address is not, whatever is at it.
    for target in ["echo.test:22", "127.0.0.1:\(echo.port)", "[::1]:\(echo.port)"] {
      #expect(try connect(process, target).textToEnd().hasPrefix("HTTP/1.1 403 "))
    }
    let direct = try Loopback.Client(process.port(.stream))
    direct.send("GET / HTTP/1.1\r\nHost: echo.test\r\n\r\n")
    #expect(direct.textToEnd().contains("127.0.0.1 is an address that no name was asked for"))
  }

  @Test func `a handshake that asks for another name than CONNECT is not passed on`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port))
    let granted = try connect(process, "echo.test:\(echo.port)")
    #expect(granted.text(until: "\r\n\r\n") == established)
    let hello = HelloText.hello(name: "echo.test", recordSize: 9)
    granted.send(hello)
    granted.endOutput()
    var echoed: [UInt8] = []
    while echoed.count < hello.count {
      let more = granted.receive()
      if more.isEmpty { break }
      echoed += more
    }
    #expect(echoed == hello)
    let fronted = try connect(process, "echo.test:\(echo.port)")
    #expect(fronted.text(until: "\r\n\r\n") == established)
    fronted.send(HelloText.hello(name: "front.test"))
    #expect(fronted.receive() == [21, 3, 1, 0, 2, 2, 112])
    #expect(fronted.receive().isEmpty)
    let row = try process.row { $0.verdict == .denied }
    #expect(row.reason == "TLS towards echo.test asks for front.test")
  }

  @Test func `a request is for the host that it is sent to, even where all is granted`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port), limits: "{\"silence\": 0.05}")
    let other = " / HTTP/1.1\r\nHost: other.test\r\n\r\n"
    for start in ["GET", "\r\nGET", "FOO", "PROPFIND", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET"] {
      for pause in [0, 0.3] {
        let client = try connect(process, "echo.test:\(echo.port)")
        #expect(client.text(until: "\r\n\r\n") == established)
        if pause > 0 { Thread.sleep(forTimeInterval: pause) }
        client.send(start + other)
        let answer = client.text(until: "\r\n")
        let status = start.hasPrefix("PRI") ? 505 : 400
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(start) after \(pause) s")
      }
    }
    let split = try connect(process, "echo.test:\(echo.port)")
    #expect(split.text(until: "\r\n\r\n") == established)
    split.send("FOO")
    #expect(split.text(until: "FOO") == "FOO")
    split.send(other)
    #expect(split.textToEnd().isEmpty)
    let row = try process.row {
      $0.reason == "what was passed on unread turned out to be a request"
    }
    #expect(row.verdict == .denied && row.sent == 3)
  }

  @Test func `an address of the inside needs a grant of its own`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(
      "version: 1\nnetwork: [{ host: local.test, ports: [\(echo.port)], addresses: [127.0.0.1] }]"
    )
    try process.replacePolicy(
      "version: 1\nnetwork: [{ host: ip6-localhost, ports: [\(echo.port)] }]"
    )
    let client = try connect(process, "ip6-localhost:\(echo.port)")
    _ = client.textToEnd()
    let row = try process.row { $0.host == "ip6-localhost" }
    #expect(row.verdict != .allowed)
  }

  @Test func `a policy that is replaced closes what it no longer grants, and nothing else`() throws
  {
    let (echo, other) = (try Echo(), try Echo())
    let process = try EgressProcess()
    let kept = "  - { host: kept.test, ports: [\(other.port)], addresses: [127.0.0.1] }"
    try process.serve(policy(echo.port, more: kept))
    let gone = try connect(process, "echo.test:\(echo.port)")
    let stays = try connect(process, "kept.test:\(other.port)")
    for client in [gone, stays] {
      #expect(client.text(until: "\r\n\r\n") == established)
      client.send("x")
      #expect(client.text(until: "x") == "x")
    }
    try process.replacePolicy("version: 1\nnetwork:\n\(kept)\n")
    #expect(gone.receive().isEmpty)
    stays.send("y")
    #expect(stays.text(until: "y") == "y")
    #expect(try connect(process, "echo.test:\(echo.port)").textToEnd().hasPrefix("HTTP/1.1 403 "))
  }

  @Test func `connections beyond the bound are closed, and counted`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port), limits: "{\"connections\": 2}")
    let open = try (0..<2).map { _ in try connect(process, "echo.test:\(echo.port)") }
    for client in open { #expect(client.text(until: "\r\n\r\n") == established) }
    #expect(try connect(process, "echo.test:\(echo.port)").textToEnd().isEmpty)
    #expect(try process.row { $0.rule == "limit: connections" }.verdict == .denied)
    open[0].send("x")
    #expect(open[0].text(until: "x") == "x")
  }

  @Test func `garbage on every socket leaves it serving`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port))
    var random = SplitMix(seed: 20_261_121)
    let seeds = [
      DNSText.question("echo.test", extended: true), HelloText.hello(name: "echo.test"),
      Array("CONNECT echo.test:\(echo.port) HTTP/1.1\r\n\r\n".utf8) + HelloText.hello(name: "a.b"),
      Array("GET http://echo.test:\(echo.port)/ HTTP/1.1\r\nHost: echo.test\r\n\r\n".utf8),
    ]
    var clients: [Loopback.Client] = []
    for round in 0..<400 {
      let index = round % process.plan.sockets.count
      guard process.plan.sockets[index].address.count == 4 else { continue }
      let isDatagram = process.plan.sockets[index].kind == .nameDatagram
      let client = try Loopback.Client(process.ports[index], datagram: isDatagram)
      client.send(random.mutated(seeds[random.below(seeds.count)]))
      if random.below(2) == 0 { client.endOutput() }
      clients.append(client)
      if clients.count > 40 { clients.removeFirst() }
    }
    let client = try connect(process, "echo.test:\(echo.port)")
    #expect(client.text(until: "\r\n\r\n") == established)
    client.send("x")
    #expect(client.text(until: "x") == "x")
  }

  @Test func `a client that does not go on is not waited for`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port), limits: "{\"opening\": 0.1}")
    let client = try Loopback.Client(process.port(.proxy))
    client.send("CONNECT echo.test")
    #expect(client.textToEnd().hasPrefix("HTTP/1.1 503 "))
    #expect(try process.row { $0.verdict == .denied }.rule == "limit: opening")
  }

  @Test func `a budget of bytes ends the connection that would go over it`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port, more: "    budget: { sent: 1KiB }"))
    let client = try connect(process, "echo.test:\(echo.port)")
    #expect(client.text(until: "\r\n\r\n") == established)
    client.send("within")
    #expect(client.text(until: "within") == "within")
    client.send([UInt8](repeating: 0x61, count: 2_048))
    #expect(client.receive().isEmpty)
    let row = try process.row { $0.kind == .connection }
    #expect(row.sent == 6)
    #expect(row.reason?.contains("bytes that it may send") == true)
  }

  @Test func `a connection on which nothing is said is ended`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port), limits: "{\"idle\": 0.2}")
    let client = try connect(process, "echo.test:\(echo.port)")
    #expect(client.text(until: "\r\n\r\n") == established)
    #expect(client.receive().isEmpty)
    #expect(try process.row { $0.kind == .connection }.reason?.contains("nothing was said") == true)
  }

  @Test func `what is open at the end has its row`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port))
    let client = try connect(process, "echo.test:\(echo.port)")
    #expect(client.text(until: "\r\n\r\n") == established)
    client.send("abc")
    #expect(client.text(until: "abc") == "abc")
    try process.send(.quit)
    let row = try process.row { $0.kind == .connection }
    #expect(row.sent == 3 && row.received == 3)
    #expect(process.end().code == 0)
  }

  @Test func `the end of the supervisor is the end of every connection`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port))
    let client = try connect(process, "echo.test:\(echo.port)")
    #expect(client.text(until: "\r\n\r\n") == established)
    process.hangUp()
    #expect(client.receive().isEmpty)
    #expect(process.end().code == 0)
  }

  @Test func `where the kernel shows nothing of the run, that is said, and it serves on`() throws {
    let (echo, process) = (try Echo(), try EgressProcess())
    try process.serve(policy(echo.port))
    try process.send(.tap, body: "{\"error\": \(EAFNOSUPPORT)}")
    let row = try process.row { $0.rule == "limit: attempts" }
    #expect(row.verdict == .failed)
    #expect(row.reason?.contains("there is no packet socket here") == true)
    try process.send(.diagnosis, body: "{\"error\": \(EPERM), \"pid\": 1}")
    _ = try process.answer(.tracing)
    let client = try connect(process, "echo.test:\(echo.port)")
    #expect(client.text(until: "\r\n\r\n") == established)
  }

  @Test func `a message out of its order ends it, with a reason`() throws {
    let process = try EgressProcess()
    try process.send(.sockets, body: "{\"first\": 0}")
    let body = try process.answer(.fatal).body
    #expect(String(decoding: body, as: UTF8.self).contains("out of its order"))
    #expect(process.end().code == 1)
  }
}
