import CLinux
import Dispatch
import Egress
import FoundationEssentials
import Synchronization

/// The socket to the supervisor. Its end is the end of this process: nobody would hear what it
/// denies.
final class ControlSocket: Sendable {
  struct Packet {
    let message: ControlMessage
    let descriptors: [CInt]
  }

  private let descriptor: CInt
  private let flushing = Mutex(())

  init(_ descriptor: CInt) {
    self.descriptor = descriptor
    _ = cl_set_cloexec(descriptor, 1)
  }

  /// The next packet; does not return where the supervisor is gone.
  func receive() throws(ServiceError) -> Packet {
    var buffer = [UInt8](repeating: 0, count: ControlMessage.longestBody + 2)
    var descriptors = [CInt](repeating: -1, count: ControlMessage.mostDescriptors)
    var count: CInt = 0
    let length = cl_receive(descriptor, &buffer, buffer.count, &descriptors, &count)
    if length == 0 { cl_exit(0) }
    guard length > 0 else { throw ServiceError("the control socket cannot be read: \(-length)") }
    guard let message = ControlMessage(packet: buffer[..<length]) else {
      throw ServiceError("a message from the supervisor is of no known kind, or too long")
    }
    return Packet(message: message, descriptors: Array(descriptors[..<Int(count)]))
  }

  /// Sends a packet, and waits where the supervisor is behind. Any thread may call.
  func send(_ message: ControlMessage, file: CInt? = nil) {
    let packet = message.packet
    let sent =
      if let file {
        withUnsafePointer(to: file) { cl_send(descriptor, packet, packet.count, $0, 1) }
      } else {
        cl_send(descriptor, packet, packet.count, nil, 0)
      }
    if sent < 0 { cl_exit(0) }
  }

  /// Says the last word and ends the process.
  func end() -> Never {
    // Before the rest is: to close the tap takes the kernel tens of milliseconds, for which the
    // supervisor would wait.
    _ = cl_close(descriptor)
    cl_exit(0)
  }

  func sendFatal(_ error: ServiceError) -> Never {
    let body = (try? JSONEncoder().encode(FatalReport(message: error.description))) ?? Data()
    send(ControlMessage(.fatal, body: Array(body)))
    cl_exit(1)
  }

  /// Sends what is observed, at most every 20 ms, on a thread of its own.
  func sendAudit(from audit: AuditBuffer) {
    DispatchQueue(label: "audit").async { [self] in
      while true {
        audit.filled.wait()
        cl_fs_pause(20_000_000)
        flush(audit)
      }
    }
  }

  /// Sends what has been observed; returns when that of other threads is sent, too.
  func flush(_ audit: AuditBuffer, isLast: Bool = false) {
    flushing.withLock { _ in
      for message in audit.drain(isLast: isLast) { send(message) }
    }
  }
}
