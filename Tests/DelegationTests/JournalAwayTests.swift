import Delegation
import Foundation
import Glibc
import Testing

/// A worker whose journal is on a server that does not answer.
@Suite(.takesTurns) struct JournalAwayTests {
  @Test(.timeLimit(.minutes(10)))
  func `a worker waits for a server that is away, and ends with its daemon`() throws {
    let place = NSTemporaryDirectory() + "away-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    let (server, port) = try listen()
    defer { close(server) }
    var setup = WorkSetup(
      state: place,
      config: place,
      runtime: place,
      program: Household.program,
      environment: []
    )
    setup.journal =
      "postgres://nobody@127.0.0.1:\(port)/work?sslmode=disable&gssencmode=disable"
    let pipe = place + "/input"
    try #require(mkfifo(pipe, 0o600) == 0)
    let lifeline = open(pipe, O_RDWR | O_CLOEXEC)
    let told = try JSONEncoder().encode(setup) + Data("\n".utf8)
    try #require(told.withUnsafeBytes { write(lifeline, $0.baseAddress, $0.count) } == told.count)
    let worker = try Spawned(
      URL(filePath: Household.program).deletingLastPathComponent().path + "/caisson-daemon",
      ["worker"],
      environment: ["PATH": "/usr/bin:/bin", "CAISSON_HOME": place],
      input: pipe
    )
    // One that gives up asks once.
    for attempt in 1...4 {
      let asked = accept(server, nil, nil)
      try #require(asked >= 0, "attempt \(attempt) did not come")
      close(asked)
    }
    close(lifeline)
    #expect(worker.wait() == 0)
  }

  /// A port of this machine on which connections can be taken, at most half a minute after asking.
  private func listen() throws -> (descriptor: Int32, port: UInt16) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(server, $0, size) == 0 && Glibc.listen(server, 16) == 0
          && getsockname(server, $0, &size) == 0
      }
    }
    try #require(isOpen)
    return (server, UInt16(bigEndian: address.sin_port))
  }
}
