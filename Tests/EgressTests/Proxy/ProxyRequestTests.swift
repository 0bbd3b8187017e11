import Testing

@testable import Egress

@Suite struct ProxyRequestTests {
  private func read(_ text: String) -> ProxyRequest.Reading {
    ProxyRequest.read(Array(text.utf8))
  }

  @Test func `CONNECT names a host and a port`() {
    let head = "CONNECT Api.Test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n"
    let request = ProxyRequest.connect(host: "api.test", port: 443, headLength: head.utf8.count)
    #expect(read(head) == .request(request))
    #expect(read(head + "more") == .request(request))
    #expect(read(String(head.dropLast())) == .more)
  }

  @Test func `an address is taken for a host, which no policy grants`() {
    #expect(
      read("CONNECT [::1]:22 HTTP/1.1\r\n\r\n")
        == .request(.connect(host: "::1", port: 22, headLength: 29))
    )
  }

  @Test func `absolute form names a host`() {
    #expect(
      read("GET http://Api.Test/x?y HTTP/1.1\r\nHost: api.test\r\n\r\n")
        == .request(.absolute(host: "api.test", port: 80))
    )
    #expect(
      read("POST HTTP://api.test:8080 HTTP/1.1\r\n\r\n")
        == .request(.absolute(host: "api.test", port: 8080))
    )
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\n\r\n",
    "GET https://api.test/ HTTP/1.1\r\n\r\n",
    "GET http://user@api.test/ HTTP/1.1\r\n\r\n",
    "GET http:///x HTTP/1.1\r\n\r\n",
    "CONNECT api.test HTTP/1.1\r\n\r\n",
    "CONNECT api.test:0 HTTP/1.1\r\n\r\n",
    "CONNECT api.test:65536 HTTP/1.1\r\n\r\n",
    "CONNECT api.test:443 HTTP/2\r\n\r\n",
    "CONNECT  api.test:443 HTTP/1.1\r\n\r\n",
    "CONNECT api.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
    "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test\r\nhost: api.test\r\n\r\n",
    "CONNECT api.test:443 HTTP/1.1\nHost: evil.test\r\n\r\n",
  ])
  func `what could be read two ways is refused`(text: String) {
    guard case .malformed = read(text) else {
      Issue.record("was read: \(read(text))")
      return
    }
  }

  @Test func `a head without end is refused`() {
    let head = [UInt8](repeating: 0x41, count: ProxyRequest.longest)
    guard case .malformed = ProxyRequest.read(head) else {
      Issue.record("was waited for")
      return
    }
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `no head of any shape traps`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let seeds = [
      "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\nrest",
      "GET http://api.test:80/x HTTP/1.1\r\nHost: api.test\r\n\r\n",
      "CONNECT [fd00::1]:443 HTTP/1.1\r\n\r\n",
    ].map { Array($0.utf8) }
    for round in 0..<20_000 {
      let bytes = random.mutated(seeds[round % seeds.count])
      if case .request(.connect(_, _, let length)) = ProxyRequest.read(bytes) {
        #expect(length <= bytes.count)
      }
    }
  }
}
