import CLinux
import Foundation
import Glibc
import Policy

@testable import Egress

/// The built `caisson-egress`, with the test in the place of its supervisor: the sockets of the plan
/// are bound on this machine's loopback, whatever address the plan says.
final class EgressProcess {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let pid: CInt
  private(set) var rows: [Observation] = []
  private(set) var certificate = ""
  private var control: CInt
  /// Ports on loopback, in the order of the plan.
  private(set) var ports: [UInt16] = []
  private(set) var plan = NetworkPlan([])

  init() throws {
    var pair: [CInt] = [-1, -1]
    guard cl_socket_pair(&pair) == 0 else { throw Failure(description: "no socket pair") }
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../.build/debug/caisson-egress").path
    let null = cl_open(CInt(CL_AT_FDCWD), "/dev/null", CInt(CL_O_RDWR), 0)
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    pid = cl_spawn(path, &arguments, &environment, [null, 1, 2, pair[1]], 4)
    free(arguments[0])
    _ = cl_close(null)
    _ = cl_close(pair[1])
    control = pair[0]
    guard pid > 0 else { throw Failure(description: "\(path) was not started: \(pid)") }
  }

  deinit {
    hangUp()
    _ = cl_kill(pid, SIGKILL)
    // Who is not awaited keeps the tests that end in a process of their own from seeing theirs.
    var status = cl_exit_status()
    _ = cl_wait(pid, 1, &status)
  }

  /// Configures it and hands over sockets for the plan of a policy.
  func serve(_ policy: String, limits: String = "{}") throws {
    let configuration = """
      {"run": "test", "policy": \(quoted(policy)), "secrets": [],
       "trust": "/etc/ssl/certs/ca-certificates.crt", "limits": \(limits)}
      """
    try send(.configure, file: configuration)
    certificate = try String(decoding: answer(.ready).file, as: UTF8.self)
    let document = try PolicyDocument.parse(policy, file: "test")
    plan = NetworkPlan(document.network)
    var sockets: [CInt] = []
    for socket in plan.sockets {
      let (descriptor, port) = try Loopback.listen(
        datagram: socket.kind == .nameDatagram,
        version6: socket.address.count == 16
      )
      sockets.append(descriptor)
      ports.append(port)
    }
    for first in stride(from: 0, to: sockets.count, by: 4) {
      let some = Array(sockets[first..<min(first + 4, sockets.count)])
      try send(.sockets, body: "{\"first\": \(first)}", descriptors: some)
    }
    for socket in sockets { _ = cl_close(socket) }
    _ = try answer(.serving)
  }

  /// The port of the first socket of a kind.
  func port(_ kind: NetworkPlan.Kind) throws -> UInt16 {
    guard let index = plan.sockets.firstIndex(where: { $0.kind == kind }) else {
      throw Failure(description: "the plan has no \(kind)")
    }
    return ports[index]
  }

  func replacePolicy(_ policy: String) throws {
    try send(.policy, file: "{\"policy\": \(quoted(policy))}")
    _ = try answer(.policyTaken)
  }

  func send(_ kind: ControlMessage.Kind, body: String = "", descriptors: [CInt] = []) throws {
    let packet = ControlMessage(kind, body: Array(body.utf8)).packet
    let sent = cl_send(control, packet, packet.count, descriptors, CInt(descriptors.count))
    guard sent == packet.count else { throw Failure(description: "not sent: \(sent)") }
  }

  /// The next message of a kind; rows that come before it are kept.
  func answer(_ kind: ControlMessage.Kind) throws -> (body: [UInt8], file: [UInt8]) {
    while true {
      let (message, descriptors) = try receive()
      defer { for descriptor in descriptors { _ = cl_close(descriptor) } }
      if message.kind == kind {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = descriptors.first.map { cl_read($0, &buffer, buffer.count) } ?? 0
        return (message.body, Array(buffer[..<max(count, 0)]))
      }
      guard message.kind == .audit else {
        throw Failure(
          description: "\(message.kind): \(String(decoding: message.body, as: UTF8.self))"
        )
      }
    }
  }

  /// Waits until a row is there that is wanted.
  func row(_ isWanted: (Observation) -> Bool) throws -> Observation {
    while true {
      if let row = rows.first(where: isWanted) { return row }
      _ = try receive()
    }
  }

  /// Closes the supervisor's end.
  func hangUp() {
    if control >= 0 { _ = cl_close(control) }
    control = -1
  }

  /// Waits for the end of the process.
  func end() -> cl_exit_status {
    var status = cl_exit_status()
    _ = cl_wait(pid, 1, &status)
    return status
  }

  private func receive() throws -> (ControlMessage, [CInt]) {
    var entry = cl_poll(descriptor: control, wanted: Int16(CL_POLLIN), seen: 0)
    guard cl_poll(&entry, 1, 10_000, 1) == 1 else { throw Failure(description: "no message came") }
    var buffer = [UInt8](repeating: 0, count: ControlMessage.longestBody + 1)
    var descriptors = [CInt](repeating: -1, count: 32)
    var count: CInt = 0
    let length = cl_receive(control, &buffer, buffer.count, &descriptors, &count)
    guard length > 0, let message = ControlMessage(packet: buffer[..<length]) else {
      throw Failure(description: "the process is gone, or said something else: \(length)")
    }
    if message.kind == .audit {
      rows += try JSONDecoder().decode([Observation].self, from: Data(message.body))
    }
    return (message, Array(descriptors[..<Int(count)]))
  }

  private func send(_ kind: ControlMessage.Kind, file: String) throws {
    let bytes = Array(file.utf8)
    let descriptor = cl_sealed_memory("test", bytes, bytes.count)
    defer { _ = cl_close(descriptor) }
    try send(kind, descriptors: [descriptor])
  }

  private func quoted(_ text: String) -> String {
    let data = try? JSONEncoder().encode(text)
    return data.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
