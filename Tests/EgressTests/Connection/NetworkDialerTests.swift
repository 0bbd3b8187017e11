import CLinux
import Glibc
import NIOCore
import NIOPosix
import Policy
import Testing

@testable import Egress

@Suite struct NetworkDialerTests {
  @Test func `sends nothing to what was taken away since it was decided`() async throws {
    let server = try Loopback.listen(datagram: false, version6: false)
    defer { _ = cl_close(server.descriptor) }
    let text = """
      version: 1
      network: [{ host: a.test, ports: [\(server.port)], addresses: [127.0.0.1] }]
      """
    let granted = NetworkPolicy(rules: try PolicyDocument.parse(text, file: "test").network)
    guard case .passed(let rule) = granted.admit(host: "a.test", port: server.port) else {
      Issue.record("it is not granted")
      return
    }
    let policy = PolicyBox(granted)
    let dialer = NetworkDialer(
      policy: policy,
      registry: FlowRegistry(policy: policy, capacity: 8),
      resolver: Resolver(threads: .singleton),
      limits: TransportLimits()
    )
    let flow = Flow(host: "a.test", port: server.port, way: .direct, id: 1)
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    func dial() async throws {
      let channel = try await dialer.dial(flow, rule: rule, on: loop) {
        $0.eventLoop.makeSucceededVoidFuture()
      }
      .get()
      try await channel.close()
    }
    try await dial()
    _ = cl_close(accept(server.descriptor, nil, nil))
    policy.replace(with: NetworkPolicy(rules: []))
    await #expect(throws: Revoked.refusal(flow)) { try await dial() }
    var entry = cl_poll(descriptor: server.descriptor, wanted: Int16(CL_POLLIN), seen: 0)
    #expect(cl_poll(&entry, 1, 0, 1) == 0)
  }
}
