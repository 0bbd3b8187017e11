import Foundation
import Journal
import NIOCore
import NIOHTTP1
import NIOPosix
import SystemPackage
import Testing

@testable import Gateway

/// Reservations that are made before they are asked for: what is not used costs nothing, whatever
/// happens.
@Suite(.takesTurns) struct ReservationsAheadTests {
  /// Calls, one after the other, by hand: a client of a library may be too slow to be close.
  private func ask(_ count: Int, port: Int, key: String) throws {
    let client = try RawClient(port: port)
    for place in 1...count {
      try client.send(TestGateway.hello, key: key)
      _ = try client.read(count: place, of: #""chat.completion""#)
    }
    client.close()
  }

  private func calls(_ ledger: Ledger) throws -> [CallRecord] {
    var found: [CallRecord] = []
    while let call = try ledger.call(CallID(Int64(found.count + 1))) { found.append(call) }
    return found
  }

  /// Waits until nothing is held back any more.
  private func rest(_ ledger: Ledger) async throws {
    for _ in 0..<400 {
      let held = try ledger.accounts().contains { $0.sums.reserved != 0 }
      if !held { return }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  @Test func `what is reserved ahead and not used is given back`() async throws {
    let upstream = try await ScriptedUpstream.start()
    let gateway = try await TestGateway.start(TestGateway.document([upstream]))
    try ask(60, port: gateway.port, key: gateway.key)
    try await rest(gateway.ledger)
    let calls = try calls(gateway.ledger)
    #expect(calls.filter { $0.state == .settled }.count == 60)
    #expect(calls.filter { $0.state == .settled }.allSatisfy { $0.charged == 13_000_000 })
    let unused = calls.filter { $0.state == .released }
    #expect(unused.allSatisfy { $0.outcome == "unused" && $0.charged == 0 })
    let account = try #require(try gateway.ledger.accounts().first)
    #expect(account.sums.reserved == 0)
    #expect(account.sums.spent == 60 * 13_000_000)
    #expect(upstream.requests.count == 60)
    // Each call has a name of its own at the provider.
    let names = upstream.requests.compactMap { $0.headers.first(name: "x-client-request-id") }
    #expect(Set(names).count == 60)
    await gateway.stop()
    try await upstream.stop()
  }

  @Test func `a budget has room for a call although some are reserved ahead`() async throws {
    let upstream = try await ScriptedUpstream.start()
    // A call is reserved at 1,126 µ$ or so and costs 13: forty of them fit, two at a time.
    let gateway = try await TestGateway.start(
      TestGateway.document([upstream]),
      limit: 2_900_000_000
    )
    try ask(40, port: gateway.port, key: gateway.key)
    try await rest(gateway.ledger)
    let calls = try calls(gateway.ledger).filter { $0.state == .settled }
    #expect(calls.count == 40)
    await gateway.stop()
    try await upstream.stop()
  }

  @Test func `what a gateway that is killed had reserved ahead is released, not charged`()
    async throws
  {
    let upstream = try await ScriptedUpstream.start()
    let home = try GatewayProcess.Home(TestGateway.document([upstream]))
    let key = try home.addKey("test", "--budget", "10.00 USD")
    let gateway = try GatewayProcess(home)
    try ask(60, port: gateway.port, key: key)
    gateway.kill()
    let next = try GatewayProcess(home)
    #expect(!next.greeting.contains("may have been billed"), "\(next.greeting)")
    #expect(next.stop() == 0)
    let ledger = try Ledger.open(directory: FilePath(home.directory))
    let calls = try calls(ledger)
    #expect(calls.filter { $0.state == .settled }.count == 60)
    #expect(calls.filter { $0.state == .unknown }.isEmpty)
    #expect(calls.filter { $0.state == .reserved }.isEmpty)
    #expect(try ledger.accounts().allSatisfy { $0.sums.reserved == 0 })
    #expect(try ledger.verify().isEmpty)
    ledger.close()
    home.remove()
    try await upstream.stop()
  }

  @Test func `a call that was reserved ahead and has left is unknown when its gateway is killed`()
    async throws
  {
    let upstream = try await ScriptedUpstream.start()
    let home = try GatewayProcess.Home(TestGateway.document([upstream]))
    let key = try home.addKey("test", "--budget", "10.00 USD")
    let gateway = try GatewayProcess(home)
    try ask(59, port: gateway.port, key: key)
    upstream.script([.silence])
    let client = try RawClient(port: gateway.port)
    try client.send(TestGateway.hello, key: key)
    try await upstream.received(60)
    gateway.kill()
    let next = try GatewayProcess(home)
    #expect(next.greeting.contains("1 calls of a gateway that died may have been billed"))
    #expect(next.stop() == 0)
    let ledger = try Ledger.open(directory: FilePath(home.directory))
    #expect(try calls(ledger).filter { $0.state == .unknown }.count == 1)
    ledger.close()
    home.remove()
    try await upstream.stop()
  }

  @Test func `a streak of calls finds its reservations made, and a larger call does not`()
    async throws
  {
    let upstream = try await ScriptedUpstream.start()
    let gateway = try await TestGateway.start(TestGateway.document([upstream]))
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let ahead = try await loop.submit {
      NIOLoopBound(
        ReservationsAhead(gateway.ledger, epoch: gateway.epoch, on: loop),
        eventLoop: loop
      )
    }.get()
    let purpose = ReservationsAhead.Purpose(
      key: "k",
      account: "test",
      model: "m",
      provider: "p",
      dialect: "openai-chat",
      run: nil
    )
    // Later than every moment that is old enough to be given back.
    let start = NIODeadline.now() + .hours(1)
    func take(_ ceiling: Int64, at milliseconds: Int64) async throws -> Int64? {
      let now = start + .milliseconds(milliseconds)
      return try await loop.submit {
        ahead.value.take(purpose, ceiling: ceiling, now: now)?.ceiling
      }.get()
    }
    // Far from each other: nothing is reserved for later.
    for place in 0..<20 { #expect(try await take(100, at: Int64(place) * 50) == nil) }
    #expect(try gateway.ledger.call(CallID(1)) == nil)
    for place in 0..<9 { #expect(try await take(100, at: 2000 + Int64(place)) == nil) }
    for _ in 0..<400 where try gateway.ledger.call(CallID(1)) == nil {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(try gateway.ledger.call(CallID(1))?.isAhead == true)
    // The ledger has said so, and the loop may yet have to hear it.
    try await Task.sleep(for: .milliseconds(50))
    #expect(try await take(110, at: 2011) == 125)
    #expect(try await take(126, at: 2012) == nil)
    _ = try await loop.submit { ahead.value.stop() }.get()
    // All sixteen but the one that was taken.
    for _ in 0..<400 {
      let held = try #require(try gateway.ledger.accounts().first).sums.reserved
      if held == 125 { break }
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(try #require(try gateway.ledger.accounts().first).sums.reserved == 125)
    await gateway.stop()
    try await upstream.stop()
  }
}
