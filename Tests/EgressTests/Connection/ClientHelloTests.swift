import Testing

@testable import Egress

@Suite struct ClientHelloTests {
  private static func hello(_ name: String?, encrypted: Bool = false) -> ClientHello.Reading {
    .hello(ClientHello(serverName: name, hasEncryptedName: encrypted))
  }

  @Test func `the name that is asked for is read in lower case`() {
    #expect(ClientHello.read(HelloText.hello(name: "Api.Test")) == Self.hello("api.test"))
    #expect(ClientHello.read(HelloText.hello(name: nil)) == Self.hello(nil))
  }

  @Test(arguments: [1, 2, 3, 5, 40, 100])
  func `a message in pieces is read as a whole`(size: Int) {
    let bytes = HelloText.hello(name: "api.test", recordSize: size)
    #expect(ClientHello.read(bytes) == Self.hello("api.test"))
    for count in 1..<bytes.count {
      #expect(ClientHello.read(Array(bytes[..<count])) == .more)
    }
  }

  @Test func `a hidden name is seen`() {
    let bytes = HelloText.hello(name: "front.test", extensions: [(0xFE0D, [0, 1, 2])])
    #expect(ClientHello.read(bytes) == Self.hello("front.test", encrypted: true))
  }

  @Test func `two names, names that are none, and extensions that come twice are refused`() {
    let two =
      HelloText.serverName("a.test").dropFirst(2) + HelloText.serverName("b.test").dropFirst(2)
    let messages = [
      HelloText.hello(name: nil, extensions: [(0, [0, UInt8(two.count)] + two)]),
      HelloText.hello(name: "a.test", extensions: [(0, HelloText.serverName("b.test"))]),
      HelloText.hello(name: "a b"), HelloText.hello(name: "a\0.test"),
      HelloText.hello(name: ".test"),
    ]
    for message in messages {
      guard case .malformed = ClientHello.read(message) else {
        Issue.record("was read")
        continue
      }
    }
  }

  @Test func `another message, a record without size, and one without end are refused`() {
    var other = HelloText.hello(name: "a.test")
    other[5] = 2
    var empty = HelloText.hello(name: "a.test")
    empty[3] = 0
    empty[4] = 0
    let endless =
      [22, 3, 1, 0x40, 0, 1, 1, 0, 0] + [UInt8](repeating: 0, count: ClientHello.longest)
    for message in [other, empty, endless] {
      guard case .malformed = ClientHello.read(message) else {
        Issue.record("was read")
        continue
      }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `no first message of any shape traps or reads another name than it holds`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let seeds = [
      HelloText.hello(name: "api.example.test"), HelloText.hello(name: "a.b", recordSize: 7),
      HelloText.hello(name: nil, extensions: [(0xFE0D, [1, 2]), (16, [0, 3, 2, 0x68, 0x32])]),
    ]
    for round in 0..<20_000 {
      let bytes = random.mutated(seeds[round % seeds.count])
      guard case .hello(let hello) = ClientHello.read(bytes), let name = hello.serverName else {
        continue
      }
      #expect(HostText.normalised(Array(name.utf8)) == name)
    }
  }
}
